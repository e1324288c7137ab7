"""After a backup was restored, ask Stripe what may have happened since it was taken, before anything else happens.

No invoice number is given twice. Each series skips as many numbers as documents may have been issued since: one for
each payment, refund and dispute that the books do not know. Too many skipped numbers leave a gap, which is recorded.
Too few would give a customer's number to somebody else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from jumun.business_day import business_day
from jumun.conf import jumun, livemode
from jumun.errors import StripeRefused
from jumun.invoices.models import CreditNote, Restoration, Series, SkippedNumbers
from jumun.invoices.models.series import own_prefixes
from jumun.invoices.numbers import is_test, parse_series
from jumun.outbox.models import Job
from jumun.payments.models import Checkout, Payment, Refund
from jumun.payments.stripe import gateway
from jumun.payments.stripe.snapshots import Metadata

# A session lives for less than a day.
SESSIONS_SINCE = timedelta(hours=25)
# What began before the backup may have ended after it. A bank debit takes up to two weeks, a refund may fail after one
# month (docs.stripe.com/refunds), and a bank may decide a dispute after three (docs.stripe.com/disputes).
CHARGES_SINCE = timedelta(days=30)
REFUNDS_SINCE = timedelta(days=45)
DISPUTES_SINCE = timedelta(days=180)

FAILED = ("failed", "canceled")


def recover() -> bool:
    """Close payment pages that the restored books do not know, and skip the numbers that may have been issued.

    ``False`` if no backup was restored. Only in the mode, test or live, of the current keys. The next reconciliation,
    which is made due, merges what was paid and refunded. Raises `StripeUnavailable` and `StripeRefused`.
    """
    pending = list(Restoration.objects.filter(livemode=livemode(), numbers_known_at=None))
    if not pending:
        return False
    taken_at = min(restoration.taken_at for restoration in pending)
    _close_unknown_sessions(taken_at - SESSIONS_SINCE)
    invoice_count, note_count = _unknown_payment_count(taken_at), _unknown_note_count(taken_at)
    reason = f"restored from the backup of {taken_at:%Y-%m-%d %H:%M} UTC: these numbers may have been issued"
    with transaction.atomic():
        for prefix, year, last_number in _last_numbers(pending, taken_at, invoice_count, note_count):
            SkippedNumbers.skip_to(prefix, year, last_number, reason=reason)
        Restoration.objects.filter(pk__in=[row.pk for row in pending]).update(numbers_known_at=timezone.now())
        Job.make_due("payments.reconcile")
    return True


def _close_unknown_sessions(since: datetime) -> None:
    """A customer who returns gets a new payment page; the order must not be paid on both."""
    creating = list(Checkout.objects.filter(state=Checkout.State.CREATING))
    for raw in _listed("checkout.sessions", since):
        metadata = Metadata.within(raw)
        is_ours = bool(metadata.order_reference) and metadata.site in {"", jumun().site_url}
        # If only Stripe's answer was lost, the session is requested again with its key.
        is_requested = any(checkout.is_named(metadata.checkout) for checkout in creating)
        if raw.get("status") != "open" or not is_ours or is_requested:
            continue
        if not Checkout.objects.filter(session_id=raw["id"]).exists():
            # Stripe refuses if it was paid a moment ago.
            with suppress(StripeRefused):
                gateway.expire_session(str(raw["id"]))


def _unknown_payment_count(taken_at: datetime) -> int:
    """Payments whose invoice may be missing here. Of any site, because this one may have a new address."""
    count = 0
    for page in gateway.pages("charges", since=taken_at - CHARGES_SINCE):
        paid = {raw.get("payment_intent") for raw in page if raw.get("status") == "succeeded" and _names_order(raw)}
        count += len(paid) - Payment.objects.filter(payment_intent_id__in=paid, status=Payment.Status.PAID).count()
    return count


def _unknown_note_count(taken_at: datetime) -> int:
    """Credit notes, and their cancellations, that may have been issued and are missing here."""
    count = 0
    for raw in _listed("refunds", taken_at - REFUNDS_SINCE):
        has_failed = raw.get("status") in FAILED
        if _is_of_ours(raw) and not Refund.objects.filter(refund_id=raw["id"], booked_at__isnull=False).exists():
            count += 1 + has_failed
        elif has_failed and _is_credited(raw):
            count += 1
    for raw in _listed("disputes", taken_at - DISPUTES_SINCE):
        if _is_of_ours(raw):
            # A lost dispute that was won after all has two: the credit note and its cancellation.
            count += 1 if _is_credited(raw) else 2
    return count


def _is_credited(raw: dict[str, Any]) -> bool:
    """Whether its credit note stands here. It may have been canceled since."""
    return CreditNote.objects.filter(refund_id=raw["id"], cancellation=None).exists()


def _is_of_ours(raw: dict[str, Any]) -> bool:
    intent = raw.get("payment_intent")
    if _names_order(raw) or _names_order(intent):
        return True
    intent_id = intent.get("id") if isinstance(intent, dict) else intent
    return isinstance(intent_id, str) and Payment.objects.filter(payment_intent_id=intent_id).exists()


def _names_order(raw: object) -> bool:
    return bool(Metadata.within(raw).order_reference)


def _listed(resource: str, since: datetime) -> Iterator[dict[str, Any]]:
    for page in gateway.pages(resource, since=since):
        yield from page


def _last_numbers(
    pending: Iterable[Restoration], taken_at: datetime, invoice_count: int, note_count: int
) -> Iterator[tuple[str, int, int]]:
    """Prefix and year of each series, and the last number that it may have given."""
    is_live = livemode()
    highest: Counter[tuple[str, int]] = Counter()
    for restoration in pending:
        for name, number in restoration.known_numbers.items():
            series = parse_series(name, year=taken_at.year)
            if is_test(series[0]) != is_live:
                highest[series] = max(highest[series], number)
    years = range(business_day(taken_at).year, business_day().year + 1)
    here = {(series.prefix, series.year): series.last_number for series in Series.objects.all()}
    invoices, notes = own_prefixes(livemode=is_live)
    prefixes = {invoices, notes, *(prefix for prefix, _year in here if is_test(prefix) != is_live)}
    for prefix in prefixes:
        # A series of another seller, or with a former prefix, may be of either kind.
        count = {invoices: invoice_count, notes: note_count}.get(prefix, invoice_count + note_count)
        for year in years:
            highest[prefix, year] = max(highest[prefix, year], here.get((prefix, year), 0) + count)
    for (prefix, year), number in sorted(highest.items()):
        yield prefix, year, number
