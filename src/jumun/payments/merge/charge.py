from contextlib import AbstractContextManager, nullcontext
from typing import Any

from jumun.orders.models import Order
from jumun.payments.merge.balance import mirror_within
from jumun.payments.merge.binding import locked_order, mismatch
from jumun.payments.merge.refunds_of_payment import merge_refunds
from jumun.payments.models import Payment
from jumun.payments.stripe.snapshots import ChargeSnapshot, Metadata, refunds_within, transactions_within


def merge_charge(raw: dict[str, Any]) -> Order | None:
    """A charge marks nothing paid; it tells the payment's method, refunds and fee, perhaps before its session does."""
    if not Metadata.within(raw).order_reference:
        return None
    charge = ChargeSnapshot.parse(raw)
    order = locked_order(charge.order_reference)
    refunds = refunds_within(raw)
    if order is None or not charge.payment_intent_id or not (charge.has_succeeded or refunds):
        return order
    with _payment_of(order, charge) as payment:
        if payment is None or payment.order_id != order.pk:
            return order
        payment.advance(Payment.Status.UNPAID, charge.method, charge.id if charge.has_succeeded else "")
    mirror_within(order, transactions_within(raw))
    merge_refunds(order, payment, refunds)
    return order


def _payment_of(order: Order, charge: ChargeSnapshot) -> AbstractContextManager[Payment] | AbstractContextManager[None]:
    """The charge's payment. One that does not match the order is its session's to tell of first."""
    mismatched = mismatch(order, charge.livemode, charge.amount, charge.currency)
    if mismatched and not Payment.objects.filter(payment_intent_id=charge.payment_intent_id).exists():
        return nullcontext()
    return Payment.of_intent(order, charge.payment_intent_id)
