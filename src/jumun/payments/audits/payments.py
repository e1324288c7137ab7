import json
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun import money
from jumun.audit import invariant, shown, shown_by_stripe
from jumun.business_day import business_day
from jumun.orders.audits import CHANGED_REMEDY
from jumun.orders.doubtful_times import LEEWAY, DoubtfulTimes
from jumun.orders.models import Order
from jumun.outbox.lease import State
from jumun.outbox.models import Job
from jumun.payments.audits.remedies import UNFOUNDED_REMEDY
from jumun.payments.models import Dispute, Payment, QuarantinedSnapshot, Refund
from jumun.payments.models.payment import AUTO_REFUND_JOB

CHUNK = 1000
METHOD = ("method", "wallet", "card_brand", "card_last4")
# Where the payment begins in the JSON of a document. A quotation mark inside a text would be escaped.
PAID = '"paid":'


@invariant("I1", remedy=UNFOUNDED_REMEDY)
def paid_orders_were_paid_in_full() -> Iterator[tuple[str, str]]:
    """Every paid order has one payment that settles it, with its amount, currency and mode. No other order has one."""
    settling = Payment.objects.filter(order=OuterRef("pk"), settles_order=True)
    unpaid = Order.objects.filter(~Exists(settling), state=Order.State.PAID).order_by()
    for number in unpaid.values_list("number", flat=True).iterator():
        yield number, _("is paid, but no payment settles it")
    other = Payment.objects.filter(settles_order=True).exclude(
        amount_minor=F("order__total_minor"),
        currency=F("order__currency"),
        livemode=F("order__livemode"),
        status=Payment.Status.PAID,
        order__state=Order.State.PAID,
    )
    for payment in other.order_by().select_related("order").iterator():
        yield payment.payment_intent_id, _why_not_settled(payment)


def _why_not_settled(payment: Payment) -> str:
    order = payment.order
    words = {
        "order": order.number,
        "status": payment.get_status_display(),
        "paid": shown(payment.amount_minor, payment.currency),
        "total": shown(order.total_minor, order.currency),
    }
    if order.state != Order.State.PAID:
        return _("settles order %(order)s with %(paid)s, but the order is not paid") % words
    if payment.status != Payment.Status.PAID:
        return _("settles order %(order)s over %(total)s, but the payment is %(status)s") % words
    if payment.livemode != order.livemode:
        return _("settles order %(order)s of the other mode, test or live") % words
    return _("settles order %(order)s over %(total)s with %(paid)s") % words


@invariant("I9", remedy=gettext_lazy("Refund the payment from the order's page."))
def money_beside_the_order_is_noticed() -> Iterator[tuple[str, str]]:
    """A payment that does not settle its order is held for staff, and an automatic refund of it is on its way."""
    beside = Payment.objects.filter(status=Payment.Status.PAID, settles_order=False)
    held = QuarantinedSnapshot.objects.filter(payment=OuterRef("pk"), reason=OuterRef("rejection_reason"))
    for payment in beside.filter(~Exists(held)).select_related("order").iterator():
        yield (
            payment.payment_intent_id,
            _("paid %(paid)s for order %(order)s on top of its payment, but is not held for staff")
            % {"paid": shown(payment.amount_minor, payment.currency), "order": payment.order.number},
        )
    refunds = Refund.objects.filter(payment=OuterRef("pk")).exclude(status=Refund.Status.REFUSED)
    # The job runs again after each dispute, whose id is then in the key.
    key = Concat(Value(f"{AUTO_REFUND_JOB}:"), OuterRef("payment_intent_id"))
    jobs = Job.objects.filter(key__startswith=key).exclude(state=State.DONE)
    disputed = Dispute.blocking().filter(payment=OuterRef("pk"))
    unsent = beside.filter(~Exists(refunds), ~Exists(jobs), ~Exists(disputed))
    kept = unsent.filter(rejection_reason__in=Payment.AUTO_REFUNDED)
    for payment in kept.select_related("order").iterator():
        yield (
            payment.payment_intent_id,
            _("%(paid)s for order %(order)s must be refunded, but no refund is on its way")
            % {"paid": shown(payment.amount_minor, payment.currency), "order": payment.order.number},
        )


@invariant("I1", remedy=CHANGED_REMEDY)
def payments_match_their_order() -> Iterator[tuple[str, str]]:
    """A payment has the time of its order, and a paid one has a time."""
    payments = Payment.objects.order_by().select_related("order")
    for payment in payments.filter(settles_order=True).exclude(paid_at=F("order__paid_at")).iterator():
        words = {"order": payment.order.number}
        yield payment.payment_intent_id, _("was paid at another time than order %(order)s, which it settles") % words
    is_paid = Q(status=Payment.Status.PAID)
    for payment in payments.filter((is_paid & Q(paid_at=None)) | (~is_paid & Q(paid_at__isnull=False))).iterator():
        words = {"order": payment.order.number, "status": payment.get_status_display()}
        yield payment.payment_intent_id, _("is %(status)s, which its time of payment contradicts") % words
    doubtful = DoubtfulTimes()
    for payment in payments.filter(created_at__lt=F("order__placed_at") - LEEWAY).iterator():
        words = {"order": payment.order.number}
        if payment.order.placed_at not in doubtful:
            yield payment.payment_intent_id, _("is older than order %(order)s, which it pays") % words


@invariant("I1", remedy=CHANGED_REMEDY)
def payments_match_their_invoice() -> Iterator[tuple[str, str]]:
    """An invoice says how and when its payment was made."""
    settling = Payment.objects.filter(settles_order=True, order__invoice__isnull=False).order_by("pk")
    columns = ("payment_intent_id", "order__paid_at", *METHOD, "order__invoice__number")
    for row in settling.values(*columns, "order__invoice__document_json").iterator(chunk_size=CHUNK):
        for problem in _payment_differs(row, _paid(row["order__invoice__document_json"])):
            yield row["payment_intent_id"], problem


def _paid(text: str) -> dict[str, Any]:
    """The payment in a document, without parsing the rest. Empty if it cannot be read."""
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
        # What was unknown when the invoice was issued may have been learned since.
        frozen = paid.get(name, "")
        if frozen and frozen != unicodedata.normalize("NFC", row[name]):
            field = str(Payment._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            yield _("its %(field)s is not the one on invoice %(number)s") % {"field": field, **number}
    paid_at = row["order__paid_at"]
    # The shop's time zone may have been changed since.
    if paid_at and abs((business_day(paid_at) - date.fromisoformat(paid["paid_on"])).days) > 1:
        yield _("its order was paid on another day than invoice %(number)s says") % number


@invariant("I1", remedy=CHANGED_REMEDY)
def payments_match_what_is_held() -> Iterator[tuple[str, str]]:
    """A payment that does not pay its order is what the held session says."""
    held = QuarantinedSnapshot.objects.filter(payment__settles_order=False).order_by().select_related("payment__order")
    for row in held.iterator(chunk_size=CHUNK):
        session = _session(row.snapshot)
        if session and (problem := _differs_from(session, row)):
            yield row.payment.payment_intent_id, problem  # type: ignore[union-attr]


def _session(text: str) -> dict[str, Any]:
    """The session in a held snapshot. Empty unless it is one with an amount."""
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
