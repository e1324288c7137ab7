"""What waits for the worker, since when, and what is parked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from jumun.outbox.lanes import Lane
from jumun.outbox.lease import LeasedRow, State
from jumun.outbox.queues import registered_queues

# Due work that has waited longer than this means that no worker is running, or too few.
LATE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStatus:
    """How many rows of each kind wait and are parked; ``oldest_waiting_s`` is 0 if none is due.

    Indexes hold just these rows, so counting them stays quick. Finished rows are not counted.
    """

    lane: Lane
    oldest_waiting_s: float
    in_hand: int
    waiting: dict[str, int]
    parked: dict[str, int]


def oldest_due_at(now: datetime, *lanes: Lane) -> datetime | None:
    """When the oldest due row of these lanes, or of all, became due. One query for each lane or table."""
    if lanes:
        due = [_due(queue, lane, now) for lane in lanes for queue in registered_queues() if lane in queue.LANES]
    else:
        due = [_due(queue, None, now) for queue in registered_queues()]
    oldest = [rows.aggregate(at=Min("run_at"))["at"] for rows in due]
    return min((at for at in oldest if at), default=None)


def oldest_waiting_s(now: datetime, *lanes: Lane) -> float:
    """How long the oldest due row of these lanes, or of all, has waited; 0 if none is due."""
    oldest = oldest_due_at(now, *lanes)
    return round((now - oldest).total_seconds(), 3) if oldest else 0.0


def lane_statuses() -> Iterator[LaneStatus]:
    """One status for each lane of each table."""
    now = timezone.now()
    for lane in Lane:
        for queue in registered_queues():
            if lane in queue.LANES:
                yield _status(queue, lane, now)


def _status(queue: type[LeasedRow], lane: Lane, now: datetime) -> LaneStatus:
    leased = _rows(queue, lane, State.READY).filter(run_at__gt=now).exclude(lease_token=None)
    return LaneStatus(
        lane=lane,
        oldest_waiting_s=oldest_waiting_s(now, lane),
        in_hand=leased.count(),
        waiting=_counts(queue, lane, State.READY),
        parked=_counts(queue, lane, State.PARKED),
    )


def _due(queue: type[LeasedRow], lane: Lane | None, now: datetime) -> QuerySet[LeasedRow]:
    return _rows(queue, lane, State.READY).filter(run_at__lte=now)


def _rows(queue: type[LeasedRow], lane: Lane | None, state: State) -> QuerySet[LeasedRow]:
    return queue._default_manager.filter(state=state, **queue.in_lane(lane))


def _counts(queue: type[LeasedRow], lane: Lane, state: State) -> dict[str, int]:
    kind = queue.KIND_FIELD
    rows = _rows(queue, lane, state).order_by(kind).values_list(kind)
    return dict(rows.annotate(Count("pk")))
