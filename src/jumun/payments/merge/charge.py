from typing import Any

from jumun.orders.models import Order
from jumun.payments.merge.balance import mirror_of_order
from jumun.payments.merge.matching import locked_order, mismatch
from jumun.payments.merge.refund import merge_refunds
from jumun.payments.models import Payment
from jumun.payments.stripe.snapshots import ChargeSnapshot, Metadata


def merge_charge(raw: dict[str, Any]) -> Order | None:
    """Learn the payment's method, refunds and fee, perhaps before its session. A charge alone pays no order."""
    if not Metadata.within(raw).order_reference:
        return None
    charge = ChargeSnapshot.parse(raw)
    order = locked_order(charge.order_reference)
    if order is None or not charge.payment_intent_id or not (charge.has_succeeded or charge.details.refunds):
        return order
    payment = Payment.locked(order, charge.payment_intent_id)
    # A payment that does not match the order begins with its session, which says how much was taken.
    is_unmatched = payment.is_new and mismatch(order, charge.livemode, charge.amount, charge.currency)
    if is_unmatched or payment.order_id != order.pk:
        return order
    payment.advance(Payment.Status.UNPAID, charge.details)
    payment.save_learnt()
    mirror_of_order(order, charge.details.transactions)
    merge_refunds(order, payment, charge.details.refunds)
    return order
