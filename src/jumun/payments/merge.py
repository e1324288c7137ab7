"""The one road to "paid": a snapshot of Stripe's is joined into our books.

Signed events, the success page and the expiry sweep all come through `apply`. Everything moves only forward,
so any order of arrival and any repetition end in the same books. Locks are taken in the order order, payment,
series.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from jumun import money
from jumun.invoices.document import PaymentReference
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.merge_refunds import merge_refunds
from jumun.payments.models import Payment, QuarantinedSnapshot
from jumun.payments.snapshots import ChargeSnapshot, IntentSnapshot, RefundSnapshot, SessionSnapshot, refunds_within

Reason = QuarantinedSnapshot.Reason

# The events whose object we merge. All others are stored and ignored.
MERGED_TYPES = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "charge.succeeded",
        "charge.updated",
        "charge.refunded",
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
    }
)


def apply(raw: dict[str, Any]) -> Order | None:
    """Join one object of Stripe's; return the order that it belongs to, or ``None`` where it is not ours.

    One transaction, nested in the caller's if there is one. Raises `MalformedSnapshot`.
    """
    mergers: dict[str, Callable[[dict[str, Any]], Order | None]] = {
        "checkout.session": _apply_session,
        "charge": _apply_charge,
        "refund": _apply_refund,
    }
    merger = mergers.get(str(raw.get("object")))
    if merger is None:
        return None
    with transaction.atomic():
        return merger(raw)


def _apply_session(raw: dict[str, Any]) -> Order | None:
    if not _claims_an_order(raw):
        return None
    session = SessionSnapshot.parse(raw)
    order = _locked_order(session.order_reference)
    reason = _mismatch(order, session.livemode, session.amount_total, session.currency)
    if order is not None and reason is None:
        _advance_checkout(order, session)
        reason = _merge_payment(order, session, refunds_within(raw, "payment_intent", "latest_charge"))
    if reason is not None:
        QuarantinedSnapshot.keep(object_id=session.id, reason=reason, order=order, snapshot=raw)
    return order


def _claims_an_order(raw: dict[str, Any]) -> bool:
    """A Stripe account may serve others too. Theirs is what carries no reference at all, and subscriptions and setups,
    which have references of their own and perhaps no amount.
    """
    metadata = raw.get("metadata")
    if isinstance(metadata, dict) and "order_reference" in metadata:
        return True
    return bool(raw.get("client_reference_id")) and raw.get("mode", "payment") == "payment"


def _locked_order(reference: str) -> Order | None:
    return Order.objects.select_for_update().filter(reference=reference).first()


def _mismatch(order: Order | None, livemode: bool, amount: int, currency: str) -> str | None:
    """Why the object must not touch the order, or ``None`` (invariant I1)."""
    if order is None:
        return Reason.UNKNOWN_ORDER
    if livemode != order.livemode:
        return Reason.LIVEMODE
    if currency != order.currency:
        return Reason.CURRENCY
    if amount != money.to_stripe(order.total_minor, order.currency):
        return Reason.AMOUNT
    return None


def _advance_checkout(order: Order, session: SessionSnapshot) -> None:
    checkout = order.checkouts.filter(session_id=session.id).first()
    if checkout is None and session.checkout_id.isdecimal():
        # The answer to our create call was lost; the session names the row that asked for it.
        checkout = order.checkouts.filter(pk=int(session.checkout_id), session_id=None).first()
    if checkout is not None:
        checkout.advance(session)


def _merge_payment(order: Order, session: SessionSnapshot, refunds: list[Any]) -> str | None:
    """Join the payment and, where it is made, pay the order; return why staff must look at it, if so."""
    payment = None
    if session.payment_intent_id:
        payment = Payment.of_intent(order, session.payment_intent_id)
        if payment.order_id != order.pk:
            return Reason.FOREIGN_PAYMENT
        payment.advance(_status(session), session.card)
    reason = _pay(order, payment) if session.is_paid else None
    if payment is not None:
        # Also those that were told of before the payment was.
        merge_refunds(order, payment, refunds)
    return reason


def _status(session: SessionSnapshot) -> str:
    if session.is_paid:
        return Payment.Status.PAID
    if session.has_failed:
        return Payment.Status.FAILED
    # Complete and unpaid: a method that takes days, such as a bank debit (docs.stripe.com/checkout/fulfillment).
    return Payment.Status.PROCESSING if session.is_complete else Payment.Status.UNPAID


def _pay(order: Order, payment: Payment | None) -> str | None:
    if order.mark_paid(at=payment.paid_at if payment and payment.paid_at else timezone.now()):
        if payment is not None:
            payment.settle()
        Invoice.issue(order, paid_by=_payment_reference(payment))
        return None
    if order.state != Order.State.PAID:
        return Reason.PAID_AFTER_CLOSE
    return Reason.SECOND_PAYMENT if payment and not payment.settles_order else None


def _payment_reference(payment: Payment | None) -> PaymentReference | None:
    if payment is None:
        return None
    return PaymentReference(
        card_brand=payment.card_brand,
        card_last4=payment.card_last4,
        stripe_id=payment.payment_intent_id,
        paid_on=timezone.localdate(payment.paid_at),
    )


def _apply_charge(raw: dict[str, Any]) -> Order | None:
    """A charge marks nothing paid; it only tells a payment's card and refunds, perhaps before its session does."""
    metadata = raw.get("metadata")
    if not isinstance(metadata, dict) or "order_reference" not in metadata:
        return None
    charge = ChargeSnapshot.parse(raw)
    order = _locked_order(charge.order_reference)
    refunds = refunds_within(raw)
    if order is None or not charge.payment_intent_id or not (charge.card or refunds):
        return order
    if not _mismatch(order, charge.livemode, charge.amount, charge.currency):
        payment = Payment.of_intent(order, charge.payment_intent_id)
        if payment.order_id == order.pk:
            payment.advance(Payment.Status.UNPAID, charge.card)
            merge_refunds(order, payment, refunds)
    return order


def _apply_refund(raw: dict[str, Any]) -> Order | None:
    """A refund made here or in Stripe's dashboard; what belongs to no payment of ours is another shop's."""
    refund = RefundSnapshot.parse(raw)
    order, reason = _order_of_refund(refund, raw.get("payment_intent"))
    if order is not None and reason is None:
        merge_refunds(order, Payment.of_intent(order, refund.payment_intent_id), [raw])
    if reason is not None:
        QuarantinedSnapshot.keep(object_id=refund.id, reason=reason, order=order, snapshot=raw)
    return order


def _order_of_refund(refund: RefundSnapshot, raw_intent: object) -> tuple[Order | None, str | None]:
    """Whose refund it is, locked, and why it must not touch that order, if so."""
    known = Payment.objects.filter(payment_intent_id=refund.payment_intent_id).select_related("order").first()
    if known is not None:
        return _locked_order(known.order.reference), None
    if isinstance(raw_intent, dict):
        intent = IntentSnapshot.parse(raw_intent)
        if intent.order_reference:
            order = _locked_order(intent.order_reference)
            return order, _mismatch(order, intent.livemode, intent.amount, intent.currency)
    if refund.order_reference:
        return _locked_order(refund.order_reference), Reason.UNKNOWN_PAYMENT
    return None, None
