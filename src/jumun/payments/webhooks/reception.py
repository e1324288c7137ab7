"""Notices when Stripe's notifications are refused or stop: a wrong secret, a wrong clock, an address that is gone.

A refused request may come from anybody. So for each reason a process writes one line a minute to the log, and it
updates the row at most ten times a minute, however many requests it refuses.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import Error, connections, router
from django.utils import timezone

from jumun.payments.models import Difference, Payment, Reconciliation, WebhookReception

logger = logging.getLogger("jumun.payments")

PERIOD_S = 60.0
WRITES_MAX = 10
# The event of an older payment should have arrived.
ON_ITS_WAY = timedelta(minutes=5)

Reason = WebhookReception.Reason

REMEDIES: dict[str, str] = {
    Reason.NO_SECRET: "STRIPE_WEBHOOK_SECRET is unset",
    Reason.WRONG_SIGNATURE: (
        "no secret of STRIPE_WEBHOOK_SECRET matches their signature. Compare it with the signing secret of this "
        "endpoint, and of this mode, in Stripe's dashboard"
    ),
    Reason.TOO_OLD: "their signature is valid but more than five minutes old. Is this machine's clock right?",
}


class Reception:
    """What one process knows about the arrival of events."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Start again like a new process."""
        self._accepted_at: float | None = None
        self._refused_since = False
        self._unwritten = 0
        self._written_at: deque[float] = deque(maxlen=WRITES_MAX)
        self._logged: dict[str, tuple[float, int]] = {}

    def accepted(self) -> None:
        """An event was verified and stored."""
        now = self._clock()
        last = self._accepted_at
        if last is not None and now - last < PERIOD_S and not self._refused_since:
            return
        with self._lock:
            self._accepted_at, self._refused_since, self._unwritten = now, False, 0
        _write(lambda: WebhookReception.accept(timezone.now()))

    def refused(self, reason: str) -> None:
        """A request signed as Stripe signs was refused."""
        with self._lock:
            self._log(reason)
            self._refused_since = True
            self._unwritten += 1
            now = self._clock()
            if len(self._written_at) == WRITES_MAX and now - self._written_at[0] < PERIOD_S:
                return
            self._written_at.append(now)
            count, self._unwritten = self._unwritten, 0
        _write(lambda: WebhookReception.refuse(timezone.now(), count, reason))

    def _log(self, reason: str) -> None:
        now = self._clock()
        logged_at, unlogged = self._logged.get(reason, (None, 0))
        if logged_at is not None and now - logged_at < PERIOD_S:
            self._logged[reason] = logged_at, unlogged + 1
            return
        self._logged[reason] = now, 0
        logger.error("Stripe's events are refused (%d since the last such line): %s", unlogged + 1, REMEDIES[reason])


reception = Reception()


def _write(change: Callable[[], None]) -> None:
    """Never raises a database error: the answer to Stripe does not depend on this row."""
    try:
        change()
    except Error as error:
        logger.warning("could not record whether Stripe's events arrive: %s", type(error).__name__)
        connections[router.db_for_write(WebhookReception)].close_if_unusable_or_obsolete()


def warnings() -> Iterator[tuple[str, str]]:
    """Warnings about the arrival of events (see `jumun.outbox.warnings`), with two queries at most."""
    row = WebhookReception.current()
    if row.is_refusing:
        yield (
            "stripe_events_refused",
            f"{row.refused_count} of Stripe's events were refused since {_moment(row.refused_since)} "
            f"({row.refused_reason}); the last one was accepted {_moment(row.accepted_at)}",
        )
    elif row.accepted_at is None:
        if paid_without_events():
            yield "stripe_events_never_came", "there are payments, but no Stripe event was ever accepted"
    elif (run := _latest_run()) and row.accepted_at < run.started_at and _brought_in(run):
        yield (
            "stripe_events_stopped",
            f"the hourly reconciliation brings in events that never arrived; "
            f"the last one was accepted {_moment(row.accepted_at)}",
        )


def paid_without_events() -> int:
    """The number of payments whose event should have arrived by now."""
    return Payment.objects.filter(status=Payment.Status.PAID, paid_at__lt=timezone.now() - ON_ITS_WAY).count()


def _latest_run() -> Reconciliation | None:
    return Reconciliation.objects.filter(is_scheduled=True).exclude(finished_at=None).first()


def _brought_in(run: Reconciliation) -> bool:
    return run.differences.filter(kind=Difference.Kind.EVENT_MISSING, repaired=True).exists()


def _moment(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%M%z}" if moment else "never"
