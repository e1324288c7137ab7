from typing import Any

from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.payments.merge.matching import locked_order
from jumun.payments.stripe.snapshots import DeclinedSnapshot


def merge_declined(raw: dict[str, Any]) -> Order | None:
    """Record on the order why a card was declined. Nothing else changes: the customer may try another card."""
    declined = DeclinedSnapshot.parse(raw)
    if not declined.metadata.order_reference or not (declined.code or declined.message):
        return None
    order = locked_order(declined.metadata.order_reference)
    if order is None:
        return None
    # One entry for each charge, however often Stripe reports it. Without a charge, one entry for each code.
    reported = {"payment": declined.payment_intent_id, "charge": declined.charge_id, "code": declined.code}
    known = order.timeline.filter(kind=Kind.PAYMENT_DECLINED).values_list("details", flat=True)
    if not any(all(entry.get(name) == value for name, value in reported.items()) for entry in known):
        order.record(Kind.PAYMENT_DECLINED, why=declined.message or declined.code, **reported)
    return order
