from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any

from django.utils import timezone

from jumun import money
from jumun.errors import OrderRefused
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.merge.balance import mirror_within
from jumun.payments.merge.binding import Reason, locked_order, mismatch
from jumun.payments.merge.refunds_of_payment import merge_refunds
from jumun.payments.models import Checkout, Payment, QuarantinedSnapshot
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import (
    Metadata,
    SessionSnapshot,
    name_of_ours,
    object_within,
    refunds_within,
    transactions_within,
)


def merge_session(raw: dict[str, Any], *, at: datetime | None = None) -> Order | None:
    """Join a Checkout Session: the order that it pays is paid, or staff learn why it is not.

    ``at`` is when Stripe said so, which is when it was paid where the charge is not expanded.
    """
    if not _claims_an_order(raw):
        return None
    session = SessionSnapshot.parse(raw)
    order = locked_order(session.order_reference)
    # Of an order that is not known here only money is for staff to decide about: a session that they had dealt with
    # while it was open would be paid unnoticed. Another shop's reference is no order of ours: we name the order twice.
    is_unknown = order is None and not (session.is_paid and _names_an_order(raw))
    if is_another_sites(order, session.metadata.site) or is_unknown:
        return None
    reason = mismatch(order, session.livemode, session.amount_total, session.currency)
    reason = reason or (None if session.is_status_known else Reason.UNKNOWN_STATUS)
    payment, was_paid = None, False
    if order is not None:
        was_paid = order.state == Order.State.PAID
        Checkout.advance_by(order, session)
        with _payment_of(order, session, reason, at) as payment:
            reason = reason or _pay(order, session, payment)
    if reason is not None:
        _set_aside(raw, session, reason, order, payment)
    if order is not None and payment is not None and payment.order_id == order.pk:
        charge = object_within(raw, "payment_intent", "latest_charge")
        mirror_within(order, transactions_within(charge))
        if order.state == Order.State.PAID and not was_paid:
            # As late as can be: whoever issues the next number waits until we commit.
            Invoice.issue(order, paid_by=payment.reference(payment.payment_intent_id, at=payment.paid_at))
        # Also those that were told of before the payment was.
        merge_refunds(order, payment, refunds_within(charge))
    return order


def _claims_an_order(raw: dict[str, Any]) -> bool:
    """A Stripe account may serve others too. Theirs is what carries no reference at all, and subscriptions and setups,
    which have references of their own and perhaps no amount.
    """
    if _names_an_order(raw):
        return True
    return bool(name_of_ours(raw.get("client_reference_id"))) and raw.get("mode", "payment") == "payment"


def _names_an_order(raw: dict[str, Any]) -> bool:
    """As each session that we create does (`jumun.payments.stripe.metadata`), besides its ``client_reference_id``."""
    return bool(Metadata.within(raw).order_reference)


@contextmanager
def _payment_of(
    order: Order, session: SessionSnapshot, reason: str | None, at: datetime | None
) -> Iterator[Payment | None]:
    """The session's payment as far as it is known now; of what does not match the order, only money that was taken."""
    with _joining(order, session, reason) as payment:
        if payment is not None and payment.order_id == order.pk:
            payment.advance(_status(session), session.method, session.charge_id, at=session.charged_at or at)
        yield payment


def _joining(
    order: Order, session: SessionSnapshot, reason: str | None
) -> AbstractContextManager[Payment] | AbstractContextManager[None]:
    # The page of a declined card is still open: nothing was paid, and nothing is known to be paid by it.
    if not session.payment_intent_id or not session.is_complete:
        return nullcontext()
    return _mismatched(order, session) if reason else Payment.of_intent(order, session.payment_intent_id)


def _mismatched(
    order: Order, session: SessionSnapshot
) -> AbstractContextManager[Payment] | AbstractContextManager[None]:
    try:
        amount_minor = money.from_stripe(session.amount_total, session.currency)
    except money.MoneyError:
        return nullcontext()
    if amount_minor < 1 or not session.is_paid:
        return nullcontext()
    return Payment.mismatched(
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
    return Payment.Status.PROCESSING if session.is_complete else Payment.Status.UNPAID


def _pay(order: Order, session: SessionSnapshot, payment: Payment | None) -> str | None:
    """Pay the order if the payment is made; return why it is not the order's, if so."""
    if payment is not None and payment.order_id != order.pk:
        return Reason.FOREIGN_PAYMENT
    if not session.is_paid:
        return None
    if payment is None:
        return Reason.NO_PAYMENT
    if not payment.is_undecided:
        return payment.unwanted_because or None
    if _settle(order, payment):
        return None
    return Reason.SECOND_PAYMENT if order.state == Order.State.PAID else Reason.PAID_AFTER_CLOSE


def _set_aside(
    raw: dict[str, Any], session: SessionSnapshot, reason: str, order: Order | None, payment: Payment | None
) -> None:
    if payment is not None and order is not None and payment.order_id == order.pk and payment.is_undecided:
        payment.reject(reason)
    QuarantinedSnapshot.keep(object_id=session.id, reason=reason, order=order, snapshot=raw, payment=payment)


def _settle(order: Order, payment: Payment) -> bool:
    """Pay the order by this payment, even after its end if its goods can be had again; ``False`` where it cannot be."""
    at = payment.paid_at or timezone.now()
    try:
        if not (order.mark_paid(at=at) or order.revive(at=at)) and not _settled_it(order, payment):
            return False
    except OrderRefused:
        # It cannot be supplied any more: nobody is to be asked for its money again.
        order.cancel()
        return False
    payment.settle()
    return True


def _settled_it(order: Order, payment: Payment) -> bool:
    """Whether the order is paid by this very payment, and only our record of that was lost: its invoice names it.

    Money that paid for an invoice never goes back by itself.
    """
    if order.state != Order.State.PAID or order.payments.filter(settles_order=True).exists():
        return False
    invoice = Invoice.objects.filter(order=order).first()
    paid = invoice.document.paid if invoice else None
    return paid is not None and paid.stripe_id == payment.payment_intent_id
