"""What binds an object of Stripe's to one of our orders (invariant I1)."""

from jumun import money
from jumun.orders.models import Order
from jumun.payments.models import QuarantinedSnapshot

Reason = QuarantinedSnapshot.Reason


def locked_order(reference: str) -> Order | None:
    return Order.objects.select_for_update().filter(reference=reference).first()


def mismatch(order: Order | None, livemode: bool, amount: int, currency: str) -> str | None:
    """Why the object must not touch the order, or ``None`` (invariant I1)."""
    if order is None:
        return Reason.UNKNOWN_ORDER
    if livemode != order.livemode:
        return Reason.LIVEMODE
    if currency != order.currency:
        return Reason.CURRENCY
    if amount != money.to_stripe(order.total_minor, order.currency):
        return Reason.AMOUNT
    return None
