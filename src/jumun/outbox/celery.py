"""Celery's workers and beat in place of ``manage.py work``, for a site that runs them anyway.

Import this module where the project makes its Celery app, and add `BEAT_SCHEDULE` to the app's: docs/operations.md.
They run the same claims on the same rows. A message says no more than "look": a lost one is made good by the next
beat, a doubled one finds nothing, and what a killed worker had in hand comes back when its lease ends.
"""

import logging
import time
from functools import cache
from typing import Any

from celery import shared_task
from django.dispatch import receiver
from kombu.exceptions import KombuError

from jumun.outbox.signals import work_added

# Nothing of Jumun's that needs Django set up is imported here: a project makes its Celery app before that.

logger = logging.getLogger("jumun.worker")

BEAT_S = 5.0
BEAT_SCHEDULE = {"jumun.work": {"task": "jumun.work", "schedule": BEAT_S, "options": {"expires": BEAT_S}}}
# A broker that did not take a message is left alone for a while: nobody who buys waits for it a second time.
BROKER_AWAY_S = 10.0

_quiet_until = 0.0


@shared_task(name="jumun.work", ignore_result=True)
def work() -> None:
    """Process one claim of every queue. Where there was something there may be more, which is another message."""
    from jumun.outbox.worker import work_once

    _ensure_recurring()
    if work_once():
        nudge()


@receiver(work_added, dispatch_uid="jumun.outbox.celery")
def nudge(**_: Any) -> None:
    """Have a worker look for due rows. A broker that is away is logged and left alone."""
    global _quiet_until  # noqa: PLW0603
    if time.monotonic() < _quiet_until:
        return
    try:
        work.apply_async(retry=False, expires=60)
    except (KombuError, OSError):
        _quiet_until = time.monotonic() + BROKER_AWAY_S
        logger.warning("the broker takes no messages; the rows wait for the next beat", exc_info=True)


@cache
def _ensure_recurring() -> None:
    from jumun.outbox.models import Job

    Job.ensure_recurring()
