from contextlib import AbstractContextManager, nullcontext
from typing import Any

from jumun.orders.models import Order
from jumun.payments.merge.binding import locked_order, mismatch
from jumun.payments.merge.refunds_of_payment import merge_refunds
from jumun.payments.models import BalanceTransaction, Payment
from jumun.payments.snapshots import ChargeSnapshot, refunds_within, transactions_within


def merge_charge(raw: dict[str, Any]) -> Order | None:
    """A charge marks nothing paid; it tells a payment's card, refunds and fee, perhaps before its session does."""
    metadata = raw.get("metadata")
    if not isinstance(metadata, dict) or "order_reference" not in metadata:
        return None
    charge = ChargeSnapshot.parse(raw)
    order = locked_order(charge.order_reference)
    refunds = refunds_within(raw)
    if order is None or not charge.payment_intent_id or not (charge.has_succeeded or refunds):
        return order
    with _payment_of(order, charge) as payment:
        if payment is None or payment.order_id != order.pk:
            return order
        payment.advance(Payment.Status.UNPAID, charge.card, charge.id if charge.has_succeeded else "")
    BalanceTransaction.mirror(transactions_within(raw))
    merge_refunds(order, payment, refunds)
    return order


def _payment_of(order: Order, charge: ChargeSnapshot) -> AbstractContextManager[Payment] | AbstractContextManager[None]:
    """The charge's payment. One that does not match the order is its session's to tell of first."""
    mismatched = mismatch(order, charge.livemode, charge.amount, charge.currency)
    if mismatched and not Payment.objects.filter(payment_intent_id=charge.payment_intent_id).exists():
        return nullcontext()
    return Payment.of_intent(order, charge.payment_intent_id)
