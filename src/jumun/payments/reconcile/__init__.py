"""Compare our books with Stripe's to the unit, and bring in what no webhook brought.

One run walks through Stripe's objects page by page and remembers how far it has come: whoever is interrupted goes on
there. Then it looks at what is unfinished here, and at what our own books do not bear out.
"""

import random
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from jumun.errors import StripeRefused, StripeUnavailable
from jumun.payments.checkout.close import CLOCK_MARGIN
from jumun.payments.models import Difference, Reconciliation
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.reconcile.events import missing_events
from jumun.payments.reconcile.found import Found
from jumun.payments.reconcile.own_books import own_differences
from jumun.payments.reconcile.steps import NAMES, STEPS, Step
from jumun.payments.reconcile.unfinished import unfinished
from jumun.payments.stripe import gateway

__all__ = ["Progress", "reconcile"]

# The step's name, and how much of all is done, from 0 to 1.
Progress = Callable[[str, float], None]

TRIES = 5
BACKOFF_FIRST_S = 0.2
OWN_BOOKS = "own books"


def reconcile(run: Reconciliation, *, progress: Progress = lambda _step, _share: None) -> None:
    """Carry ``run`` to its end, from where it stands; what is found is in ``run.differences``.

    Raises `StripeUnavailable` after several tries, and `StripeRefused`; the run can be taken up again.
    """
    comparison = Comparison(repair=run.repair, is_whole=not run.step)
    if run.step:
        _patiently(partial(_catch_up, run, comparison, progress))
    try:
        _walk_on(run, comparison, progress)
    except StripeRefused:
        if not run.after:
            raise
        # The object that it had come to is not there: the keys are another account's, or another sandbox's.
        run.enter("")
        comparison = Comparison(repair=run.repair)
        _walk_on(run, comparison, progress)
    if run.step != OWN_BOOKS:
        run.enter(OWN_BOOKS)
    progress(OWN_BOOKS, len(STEPS) / (len(STEPS) + 1))
    _patiently(lambda: _keep(run, unfinished(run, comparison)))
    _patiently(lambda: _keep(run, own_differences(run, comparison)))
    run.finish()
    progress(OWN_BOOKS, 1.0)


def _catch_up(run: Reconciliation, comparison: Comparison, progress: Progress) -> None:
    """Compare what Stripe has made since an interrupted run was begun: it lies before the place where that goes on."""
    since = max(run.since, run.started_at - CLOCK_MARGIN)
    for step in STEPS:
        progress(step.name, 0.0)
        for page in gateway.pages(step.resource, since=since, types=step.types):
            _compare(run, comparison, step, page)
            progress(step.name, 0.0)


def _walk_on(run: Reconciliation, comparison: Comparison, progress: Progress) -> None:
    first = NAMES.index(run.step) if run.step in NAMES else (len(STEPS) if run.step == OWN_BOOKS else 0)
    for number, step in enumerate(STEPS[first:], start=first):
        if run.step != step.name:
            run.enter(step.name)
        _patiently(partial(_walk, run, comparison, step, number, progress))


def _walk(run: Reconciliation, comparison: Comparison, step: Step, number: int, progress: Progress) -> None:
    progress(step.name, number / (len(STEPS) + 1))
    for page in gateway.pages(step.resource, since=run.since, after=run.after, types=step.types):
        _compare(run, comparison, step, page)
        run.advance(after=str(page[-1]["id"]), count=len(page))
        progress(step.name, (number + _share_done(run.since, page[-1])) / (len(STEPS) + 1))


def _compare(run: Reconciliation, comparison: Comparison, step: Step, page: list[dict[str, Any]]) -> None:
    if step.resource == "events":
        _keep(run, missing_events(page, comparison))
        return
    for raw in page:
        _keep(run, comparison.of(raw))


def _share_done(since: datetime, raw: dict[str, Any]) -> float:
    """How much of the window lies behind an object: they come from the newest to the oldest."""
    now = timezone.now().timestamp()
    window_s = max(now - since.timestamp(), timedelta(seconds=1).total_seconds())
    created = raw.get("created")
    return min(1.0, max(0.0, (now - created) / window_s)) if isinstance(created, int) else 0.0


def _keep(run: Reconciliation, found: Iterable[Found]) -> None:
    rows = [
        Difference(
            reconciliation=run,
            kind=one.kind,
            object_id=one.object_id,
            order_number=one.order_number,
            problem=one.problem,
            repaired=one.repaired,
            amount=one.amount,
            currency=one.currency,
        )
        for one in found
        # Every hour the same sales of another shop would be written down.
        if one.kind != Difference.Kind.NOT_OURS or not run.is_scheduled
    ]
    if rows:
        Difference.objects.bulk_create(rows, ignore_conflicts=True)


def _patiently(act: Callable[[], None]) -> None:
    """Try again where Stripe does not answer, or has had enough of us for a moment; the run goes on where it was."""
    for tries in range(1, TRIES + 1):
        try:
            act()
        except StripeUnavailable:
            if tries == TRIES:
                raise
            time.sleep(BACKOFF_FIRST_S * 2 ** (tries - 1) * random.uniform(0.75, 1.25))  # noqa: S311 (jitter)
        else:
            return
