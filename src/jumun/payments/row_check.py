"""Rows of payments, refunds, disputes and checkouts that contradict each other, their documents or the timeline.

What Stripe alone knows is for `reconcile`. Each check is a fixed number of statements over whole tables.
"""

import json
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from jumun import money
from jumun.audit import shown, shown_by_stripe
from jumun.business_day import business_day
from jumun.invoices.models import CreditNote
from jumun.orders.doubtful_times import LEEWAY, DoubtfulTimes
from jumun.orders.models import Order, TimelineEntry
from jumun.orders.timeline import Kind
from jumun.payments.models import Checkout, Dispute, Payment, QuarantinedSnapshot, Refund

# The row and what is wrong with it.
Wrong = Iterator[tuple[str, str]]
CHUNK = 1000
METHOD = ("method", "wallet", "card_brand", "card_last4")
# Where the payment begins in the JSON of a document; a quotation mark in a text would be escaped.
PAID = '"paid":'


def payments_that_differ_from_their_invoice() -> Wrong:
    """What an invoice says of how and when it was paid."""
    settling = Payment.objects.filter(settles_order=True, order__invoice__isnull=False).order_by("pk")
    columns = ("payment_intent_id", "order__paid_at", *METHOD, "order__invoice__number")
    for row in settling.values(*columns, "order__invoice__document_json").iterator(chunk_size=CHUNK):
        for problem in _payment_differs(row, _paid(row["order__invoice__document_json"])):
            yield row["payment_intent_id"], problem


def _paid(text: str) -> dict[str, Any]:
    """What the document says of its payment, without parsing the rest of it; nothing where it cannot be read."""
    start = text.rfind(PAID)
    try:
        paid, _end = json.JSONDecoder().raw_decode(text, start + len(PAID))
    except ValueError:
        return {}
    return paid if start >= 0 and isinstance(paid, dict) else {}


def _payment_differs(row: dict[str, Any], paid: dict[str, Any]) -> Iterator[str]:
    number = {"number": row["order__invoice__number"]}
    if paid.get("stripe_id") != row["payment_intent_id"]:
        yield _("settles an order, but invoice %(number)s was paid by another payment") % number
        return
    for name in METHOD:
        # What was not known when the invoice was issued may be learnt later.
        frozen = paid.get(name, "")
        if frozen and frozen != unicodedata.normalize("NFC", row[name]):
            field = str(Payment._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            yield _("its %(field)s is not the one on invoice %(number)s") % {"field": field, **number}
    paid_at = row["order__paid_at"]
    # The shop's time zone may have been changed since.
    if paid_at and abs((business_day(paid_at) - date.fromisoformat(paid["paid_on"])).days) > 1:
        yield _("its order was paid on another day than invoice %(number)s says") % number


def payments_that_contradict_their_order() -> Wrong:
    payments = Payment.objects.order_by().select_related("order")
    for payment in payments.filter(settles_order=True).exclude(paid_at=F("order__paid_at")).iterator():
        told = {"order": payment.order.number}
        yield payment.payment_intent_id, _("was paid at another time than order %(order)s, which it settles") % told
    is_paid = Q(status=Payment.Status.PAID)
    for payment in payments.filter((is_paid & Q(paid_at=None)) | (~is_paid & Q(paid_at__isnull=False))).iterator():
        told = {"order": payment.order.number, "status": payment.get_status_display()}
        yield payment.payment_intent_id, _("is %(status)s, which its time of payment contradicts") % told
    doubtful = DoubtfulTimes()
    for payment in payments.filter(created_at__lt=F("order__placed_at") - LEEWAY).iterator():
        told = {"order": payment.order.number}
        if payment.order.placed_at not in doubtful:
            yield payment.payment_intent_id, _("is older than order %(order)s, which it is for") % told


def payments_that_differ_from_what_was_held() -> Wrong:
    """Money that is not its order's, beside the session that told of it and is held for staff."""
    held = QuarantinedSnapshot.objects.filter(payment__settles_order=False).order_by().select_related("payment__order")
    for row in held.iterator(chunk_size=CHUNK):
        session = _session(row.snapshot)
        if session and (problem := _differs_from(session, row)):
            yield row.payment.payment_intent_id, problem  # type: ignore[union-attr]


def _session(text: str) -> dict[str, Any]:
    """The session that a text is of, if it is of one that money came with."""
    try:
        session = json.loads(text)
    except ValueError:
        return {}
    is_session = isinstance(session, dict) and session.get("object") == "checkout.session"
    return session if is_session and isinstance(session.get("amount_total"), int) else {}


def _differs_from(session: dict[str, Any], row: QuarantinedSnapshot) -> str:
    payment = row.payment
    if payment is None or payment.order_id != row.order_id:
        return _("is of another order than what was held for staff")
    try:
        amount = money.to_stripe(payment.amount_minor, payment.currency)
    except money.MoneyError:
        amount = -1
    currency = str(session.get("currency")).upper()
    here = (amount, payment.currency, payment.livemode)
    if here != (session.get("amount_total"), currency, session.get("livemode")):
        return _("paid %(paid)s for order %(order)s, but %(held)s are held for staff, or of the other mode") % {
            "paid": shown(payment.amount_minor, payment.currency),
            "held": shown_by_stripe(session["amount_total"], currency),
            "order": payment.order.number,
        }
    return ""


def refunds_that_contradict_their_payment() -> Wrong:
    refunds = Refund.objects.order_by().select_related("payment__order")
    for refund in refunds.exclude(currency=F("payment__currency")).iterator():
        yield (
            str(refund),
            _("is over %(amount)s, but its payment %(payment)s over %(paid)s")
            % {
                "amount": shown(refund.amount_minor, refund.currency),
                "payment": refund.payment,
                "paid": shown(refund.payment.amount_minor, refund.payment.currency),
            },
        )
    booked = Q(status=Refund.Status.SUCCEEDED, payment__status=Payment.Status.PAID, booked_at=None)
    for refund in refunds.filter(booked).iterator():
        yield str(refund), _("has succeeded, but was not booked")
    early = Q(created_at__lt=F("payment__created_at") - LEEWAY) | Q(booked_at__lt=F("created_at") - LEEWAY)
    doubtful = DoubtfulTimes()
    for refund in refunds.filter(early).iterator():
        if refund.payment.created_at in doubtful or refund.created_at in doubtful:
            continue
        yield (
            str(refund),
            _("is older than its payment %(payment)s, or was booked before it was made") % {"payment": refund.payment},
        )
    for refund in refunds.exclude(params={}).iterator(chunk_size=CHUNK):
        if problem := _params_differ(refund):
            yield str(refund), problem


def _params_differ(refund: Refund) -> str:
    """Whether what Stripe was asked for is another refund than the row says."""
    asked, payment = refund.params, refund.payment
    try:
        amount = money.to_stripe(refund.amount_minor, refund.currency)
    except money.MoneyError:
        amount = -1
    if asked.get("amount") != amount:
        return _("is over %(amount)s, but Stripe was asked for %(asked)s") % {
            "amount": shown(refund.amount_minor, refund.currency),
            "asked": shown_by_stripe(asked.get("amount") or 0, refund.currency),
        }
    names = asked.get("metadata") or {}
    named = (asked.get("payment_intent"), names.get("order_reference"), asked.get("reason", ""))
    if not names.get("refund") or named != (payment.payment_intent_id, payment.order.reference, refund.reason):
        return _("is not what Stripe was asked for: another payment, order, refund or reason is named there")
    return ""


def credit_notes_that_contradict_their_refund() -> Wrong:
    """Notes, cancelled ones too, of nothing that is known of their order, or over more than that."""
    notes = CreditNote.objects.order_by().select_related("invoice__order")
    of_note = {"payment__order": OuterRef("invoice__order")}
    refund = Refund.objects.filter(refund_id=OuterRef("refund_id"), **of_note)
    dispute = Dispute.objects.filter(dispute_id=OuterRef("refund_id"), **of_note)
    for note in notes.filter(~Exists(refund), ~Exists(dispute)).defer("document_json").iterator():
        yield (
            note.number,
            _("is of %(stripe)s, which is no refund or dispute of order %(order)s")
            % {
                "stripe": note.refund_id,
                "order": note.invoice.order.number,
            },
        )
    smaller = {"amount_minor__lt": OuterRef("amount_minor")}
    larger = notes.filter(Exists(refund.filter(**smaller)) | Exists(dispute.filter(**smaller)))
    for note in larger.defer("document_json").iterator():
        yield (
            note.number,
            _("is over %(amount)s, which is more than %(stripe)s took back")
            % {
                "amount": shown(note.amount_minor, note.invoice.order.currency),
                "stripe": note.refund_id,
            },
        )


def disputes_that_contradict_their_timeline() -> Wrong:
    disputes = Dispute.objects.order_by().select_related("payment__order")
    for dispute in disputes.exclude(currency=F("payment__currency")).iterator():
        yield (
            dispute.dispute_id,
            _("is over %(amount)s, but its payment %(payment)s over %(paid)s")
            % {
                "amount": shown(dispute.amount_minor, dispute.currency),
                "payment": dispute.payment,
                "paid": shown(dispute.payment.amount_minor, dispute.payment.currency),
            },
        )
    for dispute in disputes.filter(~_recorded(Kind.DISPUTE_OPENED)).iterator():
        yield (
            dispute.dispute_id,
            _("is not in the timeline of order %(order)s") % {"order": dispute.payment.order.number},
        )
    for status, kind in Dispute.RECORDED.items():
        for dispute in disputes.filter(~_recorded(kind), status=status).iterator():
            yield (
                dispute.dispute_id,
                _("is %(status)s, but the timeline of order %(order)s does not say so")
                % {
                    "status": dispute.get_status_display(),
                    "order": dispute.payment.order.number,
                },
            )


def _recorded(kind: Kind) -> Exists:
    entries = TimelineEntry.objects.filter(order=OuterRef("payment__order"), kind=kind)
    return Exists(entries.annotate(named=KeyTextTransform("dispute", "details")).filter(named=OuterRef("dispute_id")))


def checkouts_that_contradict_their_order() -> Wrong:
    state = Checkout.State
    checkouts = Checkout.objects.order_by().defer("params", "url")
    for checkout, number in _with_order(checkouts.filter(order__state=Order.State.PAID, state__in=Checkout.UNFINISHED)):
        yield checkout, _("is open, but its order %(order)s is paid") % {"order": number}
    nameless = Q(session_id=None, state__in=(state.OPEN, state.COMPLETE))
    named = Q(session_id__isnull=False, state__in=(state.CREATING, state.REFUSED))
    for checkout, number in _with_order(checkouts.filter(nameless | named)):
        yield checkout, _("has another state than its session of order %(order)s") % {"order": number}
    expired = _has_session_entry(Kind.CHECKOUT_EXPIRED)
    wrong = Q(state=state.EXPIRED) & ~expired | Q(state__in=(state.OPEN, state.COMPLETE)) & expired
    for checkout, number in _with_order(checkouts.filter(wrong, session_id__isnull=False)):
        yield checkout, _("has another state than the timeline of order %(order)s says") % {"order": number}
    told_of = (Payment, QuarantinedSnapshot)
    untold = [~Exists(model._default_manager.filter(order=OuterRef("order"))) for model in told_of]
    for checkout, number in _with_order(checkouts.filter(*untold, state=state.COMPLETE)):
        yield checkout, _("is complete, but there is no payment of order %(order)s") % {"order": number}
    # Stripe puts the mode into the ids of sessions.
    mixed = Q(order__livemode=True, session_id__startswith="cs_test_")
    mixed |= Q(order__livemode=False, session_id__startswith="cs_live_")
    for checkout, number in _with_order(checkouts.filter(mixed)):
        yield checkout, _("has another mode, test or live, than order %(order)s") % {"order": number}
    early = Q(created_at__lt=F("order__placed_at") - LEEWAY) | Q(expires_at__lt=F("created_at"))
    doubtful = DoubtfulTimes()
    for row in checkouts.filter(early).select_related("order").iterator(chunk_size=CHUNK):
        if row.order.placed_at in doubtful or row.created_at in doubtful:
            continue
        told = {"order": row.order.number}
        yield str(row), _("is older than order %(order)s, or expired before it was made") % told
    yield from _asked_for_another_order()
    yield from _sessions_without_checkout()


def _with_order(checkouts: QuerySet[Checkout]) -> Iterator[tuple[str, str]]:
    for checkout in checkouts.select_related("order").iterator(chunk_size=CHUNK):
        yield str(checkout), checkout.order.number


def _has_session_entry(kind: Kind) -> Exists:
    entries = TimelineEntry.objects.filter(order=OuterRef("order"), kind=kind)
    return Exists(entries.annotate(named=KeyTextTransform("checkout", "details")).filter(named=OuterRef("session_id")))


def _asked_for_another_order() -> Wrong:
    asked = (
        Checkout.objects.order_by()
        .exclude(params={})
        .annotate(
            reference=KeyTextTransform("client_reference_id", "params"),
            number=KeyTextTransform("order_number", KeyTransform("metadata", "params")),
            currency=Upper(KeyTextTransform("currency", _first_price())),
            named=KeyTextTransform("checkout", KeyTransform("metadata", "params")),
        )
    )
    asked_for = {"reference": "order__reference", "number": "order__number", "currency": "order__currency"}
    wrong = Q(named=None)
    for name, own in asked_for.items():
        wrong |= ~Q(**{name: F(own)}) | Q(**{name: None})
    for checkout, number in _with_order(asked.filter(wrong).defer("params", "url")):
        yield checkout, _("is of order %(order)s, but Stripe was asked for a session of another") % {"order": number}


def _first_price() -> KeyTransform:
    """All lines of an order have its currency."""
    return KeyTransform("price_data", KeyTransform(0, KeyTransform("line_items", "params")))


def _sessions_without_checkout() -> Wrong:
    opened = TimelineEntry.objects.filter(kind=Kind.CHECKOUT_OPENED).order_by()
    opened = opened.annotate(named=KeyTextTransform("checkout", "details"))
    kept = Checkout.objects.filter(order=OuterRef("order"), session_id=OuterRef("named"))
    lost = opened.filter(~Exists(kept), named__isnull=False)
    for session_id, number in lost.values_list("named", "order__number").iterator():
        yield (
            session_id,
            _("was opened, says the timeline of order %(order)s, and is no checkout of it") % {"order": number},
        )
