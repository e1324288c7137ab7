"""Celery's workers and beat in place of ``manage.py work``, for a site that runs them anyway.

Import this module where the project makes its Celery app, and add `BEAT_SCHEDULE` to the app's: docs/operations.md.
They claim the same rows in the same way, with one task for each lane. A message only says "look": the next beat makes
up for a lost one, a repeated one finds nothing, and the lease of a killed worker's rows expires.
"""

import logging
import time
from collections.abc import Iterable
from functools import cache
from typing import Any

from celery import shared_task
from django.dispatch import receiver
from kombu.exceptions import KombuError

from jumun.outbox.lanes import Lane
from jumun.outbox.signals import work_added

# A project makes its Celery app before Django is set up, so modules that need Django are imported in the functions.

logger = logging.getLogger("jumun.worker")

BEAT_S = 5.0
# After a failure the broker gets no messages for so long: no second customer waits for it.
BROKER_PAUSE_S = 10.0

_quiet_until = 0.0
_next_look_at = 0.0


def _work(lane: Lane) -> None:
    """Process one claim of ``lane``. If it found rows there may be more, so send another message."""
    from jumun.outbox.worker import work_once

    _ensure_recurring()
    _look_at_due_times()
    if not _is_busy(lane) and work_once(lane):
        nudge(lanes=[lane])


def _is_busy(lane: Lane) -> bool:
    """Whether another worker serves the lane. Otherwise a mail server that hangs would soon occupy all workers."""
    from jumun.outbox.models import Job

    return lane != Lane.EVENTS and Job.is_in_hand(lane)


def _task_of(lane: Lane) -> Any:
    def work() -> None:
        _work(lane)

    # With the name, a site can route a lane to its own workers.
    return shared_task(name=f"jumun.work.{lane}", ignore_result=True)(work)


TASKS = {lane: _task_of(lane) for lane in Lane}
BEAT_SCHEDULE = {
    task.name: {"task": task.name, "schedule": BEAT_S, "options": {"expires": BEAT_S}} for task in TASKS.values()
}


@receiver(work_added, dispatch_uid="jumun.outbox.celery")
def nudge(*, lanes: Iterable[Lane], **_: Any) -> None:
    """Tell a worker to look for due rows of ``lanes``. If the broker does not answer, log it and pause."""
    global _quiet_until  # noqa: PLW0603
    if time.monotonic() < _quiet_until:
        return
    try:
        for lane in lanes:
            TASKS[lane].apply_async(retry=False, expires=60)
    except (KombuError, OSError):
        _quiet_until = time.monotonic() + BROKER_PAUSE_S
        logger.warning("the broker takes no messages; the rows wait for the next beat", exc_info=True)


@cache
def _ensure_recurring() -> None:
    from jumun.outbox.models import Job

    Job.ensure_recurring()


def _look_at_due_times() -> None:
    from jumun.outbox.due_times import LOOK_EVERY_S, correct_due_times

    global _next_look_at  # noqa: PLW0603
    if time.monotonic() >= _next_look_at:
        _next_look_at = time.monotonic() + LOOK_EVERY_S
        correct_due_times()
