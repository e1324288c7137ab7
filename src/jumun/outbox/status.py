"""How the worker gets on: what waits, since when, and what it has given up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from jumun.outbox.lease import LeasedRow, State
from jumun.outbox.queues import registered_queues

# Work that is due and has waited longer than this: no worker is running, or too few are.
LATE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """One queue: how many rows of each kind wait and are parked; ``oldest_waiting_s`` is 0 where none is due.

    What is done is not counted: both are found by indexes that hold nothing else, however much that is.
    """

    queue: str
    oldest_waiting_s: float
    in_hand: int
    waiting: dict[str, int]
    parked: dict[str, int]


def oldest_due_at(now: datetime, *queues: type[LeasedRow]) -> datetime | None:
    """When the oldest due row of these queues (all, if none is named) should have begun. One query each."""
    oldest = [_due(queue, now).aggregate(at=Min("run_at"))["at"] for queue in queues or registered_queues()]
    return min((at for at in oldest if at), default=None)


def oldest_waiting_s(now: datetime, *queues: type[LeasedRow]) -> float:
    """How long the oldest due row of these queues has waited; 0 for none."""
    oldest = oldest_due_at(now, *queues)
    return round((now - oldest).total_seconds(), 3) if oldest else 0.0


def queue_statuses() -> Iterator[QueueStatus]:
    """Every queue."""
    now = timezone.now()
    for queue in registered_queues():
        leased = queue._default_manager.filter(state=State.READY, run_at__gt=now).exclude(lease_token=None)
        yield QueueStatus(
            queue=queue._meta.label,
            oldest_waiting_s=oldest_waiting_s(now, queue),
            in_hand=leased.count(),
            waiting=_counts(queue, State.READY),
            parked=_counts(queue, State.PARKED),
        )


def _due(queue: type[LeasedRow], now: datetime) -> QuerySet[LeasedRow]:
    return queue._default_manager.filter(state=State.READY, run_at__lte=now)


def _counts(queue: type[LeasedRow], state: State) -> dict[str, int]:
    kind = queue.KIND_FIELD
    rows = queue._default_manager.filter(state=state).order_by(kind).values_list(kind)
    return dict(rows.annotate(Count("pk")))
