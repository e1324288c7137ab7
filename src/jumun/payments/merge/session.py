from datetime import datetime
from typing import Any

from django.utils import timezone

from jumun import money
from jumun.errors import OrderRefused
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.merge.balance import mirror_of_order
from jumun.payments.merge.matching import locked_order, mismatch
from jumun.payments.merge.refund import merge_refunds
from jumun.payments.models import Checkout, Payment, QuarantinedSnapshot
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import SessionSnapshot


def merge_session(raw: dict[str, Any], *, at: datetime | None = None) -> Order | None:
    """Merge a Checkout Session: it pays its order, or staff learn why it does not.

    ``at`` is when Stripe reported the session, which counts as the time of payment where the charge is not expanded.
    """
    session = SessionSnapshot.of_an_order(raw)
    order = locked_order(session.order_reference) if session else None
    if session is None or is_another_sites(order, session.metadata.site):
        return None
    if order is None:
        # Only money is for staff to decide about: if they had dealt with a session while it was open, they would not
        # notice its payment. Without our metadata, the reference is another shop's: we name the order in both places.
        if session.is_paid and session.metadata.order_reference:
            unknown = QuarantineReason.UNKNOWN_ORDER
            QuarantinedSnapshot.keep(object_id=session.id, reason=unknown, order=None, snapshot=raw)
        return None

    was_paid = order.state == Order.State.PAID
    Checkout.advance_all(order, session)
    reason = mismatch(order, session.livemode, session.amount_total, session.currency)
    if reason is None and not session.is_status_known:
        reason = QuarantineReason.UNKNOWN_STATUS
    payment = _locked_payment(order, session, is_matching=reason is None)
    is_ours = payment is not None and payment.order_id == order.pk

    if payment is None:
        reason = reason or (QuarantineReason.NO_PAYMENT if session.is_paid else None)
    elif not is_ours:
        reason = reason or QuarantineReason.FOREIGN_PAYMENT
    else:
        payment.advance(_status(session), session.charge, at=at)
        if session.is_paid and reason is None:
            reason = _settle(order, payment)
        if reason and payment.is_undecided:
            payment.reject(reason)
        payment.save_learnt()

    if reason is not None:
        QuarantinedSnapshot.keep(object_id=session.id, reason=reason, order=order, snapshot=raw, payment=payment)
    if payment is None or not is_ours:
        return order
    charge = session.charge
    if charge:
        mirror_of_order(order, charge.transactions)
    if order.state == Order.State.PAID and not was_paid:
        # As late as possible: the next number of the series stays locked until we commit.
        Invoice.issue(order, paid_by=payment.reference(payment.payment_intent_id, at=payment.paid_at))
    # Stripe may have reported refunds before the payment: they are booked now.
    merge_refunds(order, payment, charge.refunds if charge else ())
    return order


def _locked_payment(order: Order, session: SessionSnapshot, *, is_matching: bool) -> Payment | None:
    """The session's payment, locked. Where the session does not match the order, only if money was taken."""
    # In an open session nothing is paid, and nothing is known about its payment: the card may have been declined.
    if not session.payment_intent_id or not session.is_complete:
        return None
    if is_matching:
        return Payment.locked(order, session.payment_intent_id)
    try:
        amount_minor = money.from_stripe(session.amount_total, session.currency)
    except money.MoneyError:
        return None
    if amount_minor < 1 or not session.is_paid:
        return None
    return Payment.locked(
        order,
        session.payment_intent_id,
        amount_minor=amount_minor,
        currency=session.currency,
        livemode=session.livemode,
    )


def _status(session: SessionSnapshot) -> str:
    if session.is_paid:
        return Payment.Status.PAID
    if session.has_failed:
        return Payment.Status.FAILED
    # Complete and unpaid: a method that takes days, such as a bank debit (docs.stripe.com/checkout/fulfillment).
    return Payment.Status.PROCESSING


def _settle(order: Order, payment: Payment) -> str | None:
    """Pay the order with a payment that was made; return why the order cannot use it, if so."""
    if not payment.is_undecided:
        return payment.rejection_reason or None
    at = payment.paid_at or timezone.now()
    try:
        # An order that has ended is revived if its goods are still available.
        is_settled = order.mark_paid(at=at) or order.revive(at=at) or _has_settled(order, payment)
    except OrderRefused:
        # It cannot be supplied any more: nobody may be asked for its money again.
        order.cancel()
        is_settled = False
    if is_settled:
        payment.settle()
        return None
    is_second = order.state == Order.State.PAID
    return QuarantineReason.SECOND_PAYMENT if is_second else QuarantineReason.PAID_AFTER_CLOSE


def _has_settled(order: Order, payment: Payment) -> bool:
    """Whether this very payment has paid the order, and only our record of that was lost: the invoice names it.

    Money that paid for an invoice is never refunded automatically.
    """
    if order.state != Order.State.PAID or order.payments.filter(settles_order=True).exists():
        return False
    invoice = Invoice.objects.filter(order=order).first()
    paid = invoice.document.paid if invoice else None
    return paid is not None and paid.stripe_id == payment.payment_intent_id
