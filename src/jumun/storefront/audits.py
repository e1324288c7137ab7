from collections.abc import Iterator

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant
from jumun.orders.models import Order
from jumun.storefront.models import Product, Reservation

COUNTERS_REMEDY = gettext_lazy(
    "Set the product's counters to what its reservations add up to, under a lock on the product."
)
RESERVATIONS_REMEDY = gettext_lazy(
    "Set the reservation to what its order's state asks for, and the product's counters with it."
)

# What becomes of an order's goods with it.
RIGHT = {
    Order.State.PLACED: Reservation.State.HELD,
    Order.State.PAID: Reservation.State.SOLD,
    Order.State.EXPIRED: Reservation.State.RELEASED,
    Order.State.CANCELED: Reservation.State.RELEASED,
}


@invariant("I7", remedy=COUNTERS_REMEDY)
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
        told = {"reserved": reserved, "sold": sold, "held": holds, "bought": bought}
        yield (
            sku,
            _("counts %(reserved)s reserved and %(sold)s sold, but its orders hold %(held)s and bought %(bought)s")
            % told,
        )


@invariant("I7", remedy=RESERVATIONS_REMEDY)
def reservations_follow_their_orders() -> Iterator[tuple[str, str]]:
    """Goods are held for an order that waits, sold with a paid one, and free again after any other end."""
    wrong = Q()
    for order_state, state in RIGHT.items():
        wrong |= Q(order__state=order_state) & ~Q(state=state)
    astray = Reservation.objects.filter(wrong).order_by()
    for number, sku, is_now, order_is in astray.values_list("order__number", "sku", "state", "order__state"):
        told = {"state": Reservation.State(is_now).label, "order": Order.State(order_is).label}
        yield f"{number} {sku}", _("is %(state)s, but the order is %(order)s") % told
