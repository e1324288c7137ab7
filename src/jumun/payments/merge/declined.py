from typing import Any

from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.payments.merge.binding import locked_order
from jumun.payments.stripe.snapshots import DeclinedSnapshot


def merge_declined(raw: dict[str, Any]) -> Order | None:
    """Record on the order why a card was declined. It changes nothing else: the customer may try another card."""
    declined = DeclinedSnapshot.parse(raw)
    if not declined.metadata.order_reference or not (declined.code or declined.message):
        return None
    order = locked_order(declined.metadata.order_reference)
    if order is None:
        return None
    # One for each charge, however often it is told; a card that was not charged is told of once for each reason.
    told = {"payment": declined.payment_intent_id, "charge": declined.charge_id, "code": declined.code}
    known = order.timeline.filter(kind=Kind.PAYMENT_DECLINED).values_list("details", flat=True)
    if not any(all(entry.get(name) == value for name, value in told.items()) for entry in known):
        order.record(Kind.PAYMENT_DECLINED, why=declined.message or declined.code, **told)
    return order
