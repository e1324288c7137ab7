from django.db import IntegrityError, transaction

from jumun.conf import jumun
from jumun.errors import SummaryChanged
from jumun.orders.customer_and_items import Customer
from jumun.orders.models import Order
from jumun.storefront.cart import Cart
from jumun.storefront.stock import reserve
from jumun.storefront.summary import Summary
from jumun.storefront.unpaid_order_limit import UNKNOWN, Origins, limit


def place_order(cart: Cart, *, customer: Customer, shown: Summary | None, origins: Origins = UNKNOWN) -> Order:
    """Place the order and reserve its goods, both or neither. A cart that was already ordered gives that order.

    ``shown`` is what the customer saw. It is compared with the very items that are ordered, so a price that changes
    at the same time is either noticed or not charged. Raises `SummaryChanged`, `EmptyOrder`, `AmountOutOfRange`,
    `TooManyUnpaidOrders` and `OutOfStock`.
    """
    if cart.summary != shown:
        raise SummaryChanged("the cart is not what the customer was shown")
    try:
        with transaction.atomic():
            order = Order.place(
                lines=[line.item for line in cart.lines],
                customer=customer,
                form_token=cart.token,
                expires_in_s=min(jumun().hold_before_payment_s, jumun().order_expires_s),
            )
            limit(order, origins)
            reserve(order, [(line.product, line.quantity) for line in cart.lines])
            return order
    except IntegrityError:
        # The same cart was sent twice at once, and the other request came first.
        if first := Order.of_form(cart.token):
            return first
        raise
