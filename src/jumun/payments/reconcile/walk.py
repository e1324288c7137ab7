"""Walk through Stripe's objects page by page.

A run records how far it has come, so that an interrupted one continues there. At the end it compares rows that are not
at their end here, and checks our own books.
"""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from jumun.errors import StripeRefused, StripeUnavailable
from jumun.payments.checkout.close import CLOCK_MARGIN
from jumun.payments.merge import MERGED_TYPES, NOT_IN_THE_BOOKS
from jumun.payments.models import Difference, Reconciliation
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.reconcile.internal_checks import internal_checks
from jumun.payments.reconcile.missing_events import missing_events
from jumun.payments.reconcile.single_fetches import not_at_stripe, unfinished
from jumun.payments.stripe import gateway

# The step's name, and how much of the whole run is done, from 0 to 1.
Progress = Callable[[str, float], None]

TRIES_MAX = 5
BACKOFF_FIRST_S = 0.2

# One listing of events takes at most 20 types (API reference, "List all events"), so payouts have their own.
EVENT_TYPES_MAX = 20
_TYPES = MERGED_TYPES - NOT_IN_THE_BOOKS
_PAYOUT_TYPES = {name for name in _TYPES if name.startswith("payout.")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One listing, from the newest object in the window to the oldest.

    ``resource`` is one of `jumun.payments.stripe.gateway.LISTED`; only a listing of events has ``types``.
    """

    name: str
    resource: str
    types: tuple[str, ...] = ()


STEPS = (
    # Sessions make orders paid, so everything after them finds its payment.
    Step(name="checkout.sessions", resource="checkout.sessions"),
    Step(name="charges", resource="charges"),
    Step(name="refunds", resource="refunds"),
    Step(name="disputes", resource="disputes"),
    Step(name="balance_transactions", resource="balance_transactions"),
    Step(name="payouts", resource="payouts"),
    # Events come last: what they report is known by then.
    Step(name="events of payments", resource="events", types=tuple(sorted(_TYPES - _PAYOUT_TYPES))),
    Step(name="events of payouts", resource="events", types=tuple(sorted(_PAYOUT_TYPES))),
)
INTERNAL_CHECKS = "internal checks"
STEP_NAMES = [*(step.name for step in STEPS), INTERNAL_CHECKS]


def reconcile(run: Reconciliation, *, progress: Progress = lambda _step, _share: None) -> None:
    """Carry ``run`` from where it stands to its end, and record what is found in ``run.differences``.

    Raises `StripeUnavailable` after several tries, and `StripeRefused`. The run can be continued after both.
    """
    comparison = Comparison(repair=run.repair, is_whole=not run.step)
    if run.step:
        _with_retries(partial(_catch_up, run, comparison, progress))
    try:
        _walk(run, comparison, progress)
    except StripeRefused:
        if not run.after:
            raise
        # Stripe does not have the object that the run had come to: the keys are another account's or sandbox's.
        run.enter("")
        comparison = Comparison(repair=run.repair)
        _walk(run, comparison, progress)
    if run.step != INTERNAL_CHECKS:
        run.enter(INTERNAL_CHECKS)
    progress(INTERNAL_CHECKS, len(STEPS) / len(STEP_NAMES))
    for check in (unfinished, internal_checks, not_at_stripe):
        _with_retries(lambda check=check: _record(run, check(run, comparison)))  # type: ignore[misc]
    run.finish()
    progress(INTERNAL_CHECKS, 1.0)


def _catch_up(run: Reconciliation, comparison: Comparison, progress: Progress) -> None:
    """Compare what Stripe has made since an interrupted run began: the run is already past its place in the lists."""
    since = max(run.since, run.started_at - CLOCK_MARGIN)
    for step in STEPS:
        progress(step.name, 0.0)
        for page in gateway.pages(step.resource, since=since, types=step.types):
            _compare(run, comparison, step, page)
            progress(step.name, 0.0)


def _walk(run: Reconciliation, comparison: Comparison, progress: Progress) -> None:
    first = STEP_NAMES.index(run.step) if run.step in STEP_NAMES else 0
    for number, step in enumerate(STEPS[first:], start=first):
        if run.step != step.name:
            run.enter(step.name)
        _with_retries(partial(_walk_step, run, comparison, step, number, progress))


def _walk_step(run: Reconciliation, comparison: Comparison, step: Step, number: int, progress: Progress) -> None:
    progress(step.name, number / len(STEP_NAMES))
    for page in gateway.pages(step.resource, since=run.since, after=run.after, types=step.types):
        _compare(run, comparison, step, page)
        run.advance(after=str(page[-1]["id"]), count=len(page))
        progress(step.name, (number + _share_done(run.since, page[-1])) / len(STEP_NAMES))


def _share_done(since: datetime, raw: dict[str, Any]) -> float:
    """How much of the window is done after this object: they come from the newest to the oldest."""
    now = timezone.now().timestamp()
    window_s = max(now - since.timestamp(), timedelta(seconds=1).total_seconds())
    created = raw.get("created")
    return min(1.0, max(0.0, (now - created) / window_s)) if isinstance(created, int) else 0.0


def _compare(run: Reconciliation, comparison: Comparison, step: Step, page: list[dict[str, Any]]) -> None:
    if step.resource == "events":
        _record(run, missing_events(page, comparison))
        return
    for raw in page:
        _record(run, comparison.of(raw))


def _record(run: Reconciliation, found: Iterable[Difference]) -> None:
    # An hourly run would record the same sales of another shop every hour.
    rows = [row for row in found if row.kind != Difference.Kind.NOT_OURS or not run.is_scheduled]
    for row in rows:
        row.reconciliation = run
    Difference.objects.bulk_create(rows, ignore_conflicts=True)


def _with_retries(act: Callable[[], None]) -> None:
    """Try again if Stripe does not answer, or limits our rate. ``act`` continues where it was."""
    for tries in range(1, TRIES_MAX + 1):
        try:
            act()
        except StripeUnavailable:
            if tries == TRIES_MAX:
                raise
            time.sleep(BACKOFF_FIRST_S * 2 ** (tries - 1) * random.uniform(0.75, 1.25))  # noqa: S311 (jitter)
        else:
            return
