"""Celery's workers and beat in place of ``manage.py work``, for a site that runs them anyway.

Import this module where the project makes its Celery app, and add `BEAT_SCHEDULE` to the app's: docs/operations.md.
They run the same claims on the same rows, with one task for each lane. A message says no more than "look": the next
beat makes up for a lost one, a repeated one finds nothing, and the lease of what a killed worker had in hand runs out.
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

# Nothing of Jumun's that needs Django set up is imported here: a project makes its Celery app before that.

logger = logging.getLogger("jumun.worker")

BEAT_S = 5.0
# A broker that did not take a message is left alone for a while: nobody who buys waits for it a second time.
BROKER_AWAY_S = 10.0

_quiet_until = 0.0
_look_again_at = 0.0


def _work(lane: Lane) -> None:
    """Process one claim of ``lane``. Where there was something there may be more, which is another message."""
    from jumun.outbox.worker import work_once

    _ensure_recurring()
    _look_at_due_times()
    if not _is_taken(lane) and work_once(lane):
        nudge(lanes=[lane])


def _is_taken(lane: Lane) -> bool:
    """Whether another worker is busy with the lane. Otherwise a mail server that hangs would soon occupy them all."""
    from jumun.outbox.models import Job

    return lane != Lane.EVENTS and Job.is_in_hand(lane)


def _task_of(lane: Lane) -> Any:
    def work() -> None:
        _work(lane)

    # By its name a site can route a lane to workers of its own.
    return shared_task(name=f"jumun.work.{lane}", ignore_result=True)(work)


TASKS = {lane: _task_of(lane) for lane in Lane}
BEAT_SCHEDULE = {
    task.name: {"task": task.name, "schedule": BEAT_S, "options": {"expires": BEAT_S}} for task in TASKS.values()
}


@receiver(work_added, dispatch_uid="jumun.outbox.celery")
def nudge(*, lanes: Iterable[Lane], **_: Any) -> None:
    """Have a worker look for due rows of ``lanes``. A broker that is away is logged and left alone."""
    global _quiet_until  # noqa: PLW0603
    if time.monotonic() < _quiet_until:
        return
    try:
        for lane in lanes:
            TASKS[lane].apply_async(retry=False, expires=60)
    except (KombuError, OSError):
        _quiet_until = time.monotonic() + BROKER_AWAY_S
        logger.warning("the broker takes no messages; the rows wait for the next beat", exc_info=True)


@cache
def _ensure_recurring() -> None:
    from jumun.outbox.models import Job

    Job.ensure_recurring()


def _look_at_due_times() -> None:
    from jumun.outbox.due_times import LOOK_EVERY_S, put_right

    global _look_again_at  # noqa: PLW0603
    if time.monotonic() >= _look_again_at:
        _look_again_at = time.monotonic() + LOOK_EVERY_S
        put_right()
