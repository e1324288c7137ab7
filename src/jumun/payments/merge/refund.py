from typing import Any

from jumun.orders.models import Order
from jumun.payments.merge.binding import Reason, locked_order, order_of_intent
from jumun.payments.merge.refunds_of_payment import merge_refunds
from jumun.payments.models import Payment, QuarantinedSnapshot
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import RefundSnapshot


def merge_refund(raw: dict[str, Any]) -> Order | None:
    """A refund made here or in Stripe's dashboard; what belongs to no payment of ours is another shop's."""
    refund = RefundSnapshot.parse(raw)
    order, reason = _order_of_refund(refund, raw.get("payment_intent"))
    if order is not None and reason is None:
        merge_refunds(order, Payment.saved(order, refund.payment_intent_id), [raw])
    if reason is not None:
        QuarantinedSnapshot.keep(object_id=refund.id, reason=reason, order=order, snapshot=raw)
    return order


def _order_of_refund(refund: RefundSnapshot, raw_intent: object) -> tuple[Order | None, str | None]:
    """Whose refund it is, locked, and why it must not touch that order, if so."""
    order, reason = order_of_intent(refund.payment_intent_id, raw_intent)
    if order is None and reason is None and refund.metadata.order_reference:
        order = locked_order(refund.metadata.order_reference)
        reason = None if is_another_sites(order, refund.metadata.site) else Reason.UNKNOWN_PAYMENT
    return order, reason
