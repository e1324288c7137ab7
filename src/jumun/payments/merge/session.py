from typing import Any

from django.utils import timezone

from jumun.invoices.document import PaymentReference
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.merge.binding import Reason, locked_order, mismatch
from jumun.payments.merge.refunds_of_payment import merge_refunds
from jumun.payments.models import BalanceTransaction, Payment, QuarantinedSnapshot
from jumun.payments.snapshots import SessionSnapshot, object_within, refunds_within, transactions_within


def merge_session(raw: dict[str, Any]) -> Order | None:
    if not _claims_an_order(raw):
        return None
    session = SessionSnapshot.parse(raw)
    order = locked_order(session.order_reference)
    reason = mismatch(order, session.livemode, session.amount_total, session.currency)
    if order is not None and reason is None:
        _advance_checkout(order, session)
        reason = _merge_payment(order, session, object_within(raw, "payment_intent", "latest_charge"))
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


def _advance_checkout(order: Order, session: SessionSnapshot) -> None:
    checkout = order.checkouts.filter(session_id=session.id).first()
    if checkout is None and session.checkout_id.isdecimal():
        # The answer to our create call was lost; the session names the row that asked for it.
        checkout = order.checkouts.filter(pk=int(session.checkout_id), session_id=None).first()
    if checkout is not None:
        checkout.advance(session)


def _merge_payment(order: Order, session: SessionSnapshot, raw_charge: object) -> str | None:
    """Join the payment and, where it is made, pay the order; return why staff must look at it, if so."""
    payment = None
    if session.payment_intent_id:
        payment = Payment.of_intent(order, session.payment_intent_id)
        if payment.order_id != order.pk:
            return Reason.FOREIGN_PAYMENT
        payment.advance(_status(session), session.card, session.charge_id)
        BalanceTransaction.mirror(transactions_within(raw_charge))
    reason = _pay(order, payment) if session.is_paid else None
    if payment is not None:
        # Also those that were told of before the payment was.
        merge_refunds(order, payment, refunds_within(raw_charge))
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
