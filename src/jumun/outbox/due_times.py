"""Corrects impossible due times.

A clock that was ahead for a moment leaves rows that are due only days later: recurring jobs that were rescheduled then,
leases of a worker that died then, events that arrived then. A clock that goes back leaves rows that seem to come from
the future. No row may wait longer than the rules of `jumun.outbox.lease` allow.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from jumun.outbox.handlers import Handler, recurring
from jumun.outbox.lease import BACKOFF_FIRST_S, BACKOFF_MAX_S, LEASE_S, LeasedRow, State
from jumun.outbox.models import Job
from jumun.outbox.queues import registered_queues

logger = logging.getLogger("jumun.worker")

# How often the worker looks.
LOOK_EVERY_S = 15.0
# Clocks of several machines differ by less.
TOLERANCE = timedelta(seconds=5)
# A row may be postponed without a try: while Stripe does not answer, or while a restored backup is reconciled.
POSTPONED_MAX_S = 60.0
JITTER = 1.25
# A recurring job is late after so many missed turns, and at least so many seconds.
LATE_TURNS, LATE_MIN_S = 3, 600


def correct_due_times() -> int:
    """Make rows due that wait longer than the rules allow; return how many."""
    now = timezone.now()
    count = sum(_correct(queue, now) for queue in registered_queues())
    if count:
        logger.warning("%d rows were due later than they can be: the clock was wrong. They are due now", count)
    return count


def late_recurring(now: datetime) -> list[str]:
    """The kinds of recurring jobs that have missed several turns, or are due later than their next turn can be."""
    rows = dict(Job.objects.filter(state=State.READY, key__endswith=":recurring").values_list("kind", "run_at"))
    return sorted(
        handler.kind for handler in recurring() if (due := rows.get(handler.kind)) and _is_late(handler, due, now)
    )


def _is_late(handler: Handler, due_at: datetime, now: datetime) -> bool:
    late = timedelta(seconds=max(LATE_TURNS * (handler.every_s or 0), LATE_MIN_S))
    return due_at < now - late or due_at > now + _turn(handler)


def _correct(queue: type[LeasedRow], now: datetime) -> int:
    rows = queue._default_manager.filter(state=State.READY, run_at__gt=now + TOLERANCE)
    lease = timedelta(seconds=LEASE_S)
    # A living worker renews its lease again.
    count = rows.exclude(lease_token=None).filter(run_at__gt=now + lease + TOLERANCE).update(run_at=now + lease)
    return count + rows.filter(_waits_too_long(queue, now), lease_token=None).update(run_at=now)


def _waits_too_long(queue: type[LeasedRow], now: datetime) -> Q:
    is_tried = Q(attempts__gt=0) | Q(deaths__gt=0) | ~Q(last_error="")
    too_late = (is_tried & _after_a_try(now)) | (~is_tried & queue.is_added_later_than(now + TOLERANCE))
    if queue is Job:
        too_late &= ~Q(kind__in=[handler.kind for handler in recurring()])
        for handler in recurring():
            too_late |= Q(kind=handler.kind, run_at__gt=now + _turn(handler))
    return too_late


def _after_a_try(now: datetime) -> Q:
    """Rows that wait longer than the backoff after their tries."""
    too_late = Q(run_at__gt=now + _wait(BACKOFF_MAX_S))
    backoff_s, attempts = BACKOFF_FIRST_S, 1
    too_late |= Q(attempts=0, run_at__gt=now + _wait(0))
    while backoff_s < BACKOFF_MAX_S:
        too_late |= Q(attempts=attempts, run_at__gt=now + _wait(backoff_s))
        backoff_s, attempts = backoff_s * 2, attempts + 1
    return too_late


def _wait(backoff_s: float) -> timedelta:
    return timedelta(seconds=max(backoff_s * JITTER, POSTPONED_MAX_S)) + TOLERANCE


def _turn(handler: Handler) -> timedelta:
    return _wait(handler.every_s or 0)
