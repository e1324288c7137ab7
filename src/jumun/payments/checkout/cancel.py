"""Cancelling an order that is not paid."""

from jumun.orders.models import Order
from jumun.payments.checkout.end import end_unpaid


def cancel_order(order: Order) -> bool:
    """Cancel the order, unless it was paid or is being paid; say whether. Raises what `end_unpaid` raises."""
    return end_unpaid(order, Order.cancel)
