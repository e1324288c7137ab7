from typing import Any

from jumun.orders.models import Order
from jumun.payments.merge.binding import Reason, locked_order, mismatch
from jumun.payments.merge.refunds_of_payment import merge_refunds
from jumun.payments.models import Payment, QuarantinedSnapshot
from jumun.payments.snapshots import IntentSnapshot, RefundSnapshot


def merge_refund(raw: dict[str, Any]) -> Order | None:
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
        return locked_order(known.order.reference), None
    if isinstance(raw_intent, dict):
        intent = IntentSnapshot.parse(raw_intent)
        if intent.order_reference:
            order = locked_order(intent.order_reference)
            return order, mismatch(order, intent.livemode, intent.amount, intent.currency)
    if refund.order_reference:
        return locked_order(refund.order_reference), Reason.UNKNOWN_PAYMENT
    return None, None
