from collections.abc import Iterator

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from jumun.audit import invariant
from jumun.orders.models import Order
from jumun.storefront.models import Product, Reservation


@invariant("I7")
def counters_are_what_the_reservations_add_up_to() -> Iterator[tuple[str, str]]:
    """That sold and reserved never exceed the stock is the database's promise; here they are the right numbers."""
    is_held, is_sold = Q(reservations__state=Reservation.State.HELD), Q(reservations__state=Reservation.State.SOLD)
    counted = Product.objects.annotate(
        held=Coalesce(Sum("reservations__quantity", filter=is_held), 0),
        gone=Coalesce(Sum(F("reservations__quantity") - F("reservations__returned_quantity"), filter=is_sold), 0),
    )
    wrong = counted.exclude(held=F("reserved_quantity"), gone=F("sold_quantity"))
    for sku, reserved, sold, holds, bought in wrong.values_list(
        "sku", "reserved_quantity", "sold_quantity", "held", "gone"
    ):
        yield sku, f"counts {reserved} reserved and {sold} sold, but its orders hold {holds} and bought {bought}"


@invariant("I7")
def reservations_follow_their_orders() -> Iterator[tuple[str, str]]:
    right = {
        Order.State.PLACED: Reservation.State.HELD,
        Order.State.PAID: Reservation.State.SOLD,
        Order.State.EXPIRED: Reservation.State.RELEASED,
        Order.State.CANCELLED: Reservation.State.RELEASED,
    }
    for order_state, state in right.items():
        wrong = Reservation.objects.filter(order__state=order_state).exclude(state=state)
        for number, sku, actual in wrong.values_list("order__number", "product__sku", "state").iterator():
            yield f"{number} {sku}", f"is {actual}, but the order is {order_state}"
