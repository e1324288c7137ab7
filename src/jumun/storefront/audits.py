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

# The state of an order's goods by the state of the order.
RESERVATION_STATES = {
    Order.State.PLACED: Reservation.State.HELD,
    Order.State.PAID: Reservation.State.SOLD,
    Order.State.EXPIRED: Reservation.State.RELEASED,
    Order.State.CANCELED: Reservation.State.RELEASED,
}


@invariant("I7", remedy=COUNTERS_REMEDY)
def counters_are_what_the_reservations_add_up_to() -> Iterator[tuple[str, str]]:
    """A constraint keeps sold + reserved within the stock; here both are compared with the reservations."""
    is_held, is_sold = Q(reservations__state=Reservation.State.HELD), Q(reservations__state=Reservation.State.SOLD)
    counted = Product.objects.annotate(
        held=Coalesce(Sum("reservations__quantity", filter=is_held), 0),
        gone=Coalesce(Sum(F("reservations__quantity") - F("reservations__returned_quantity"), filter=is_sold), 0),
    )
    wrong = counted.exclude(held=F("reserved_quantity"), gone=F("sold_quantity"))
    for sku, reserved, sold, holds, bought in wrong.values_list(
        "sku", "reserved_quantity", "sold_quantity", "held", "gone"
    ):
        values = {"reserved": reserved, "sold": sold, "held": holds, "bought": bought}
        yield (
            sku,
            _("counts %(reserved)s reserved and %(sold)s sold, but its orders hold %(held)s and bought %(bought)s")
            % values,
        )


@invariant("I7", remedy=RESERVATIONS_REMEDY)
def reservations_follow_their_orders() -> Iterator[tuple[str, str]]:
    """Goods are held while an order is unpaid, sold when it is paid, and free after any other end."""
    wrong = Q()
    for wanted_order_state, wanted_state in RESERVATION_STATES.items():
        wrong |= Q(order__state=wanted_order_state) & ~Q(state=wanted_state)
    mismatched = Reservation.objects.filter(wrong).order_by()
    for number, sku, state, order_state in mismatched.values_list("order__number", "sku", "state", "order__state"):
        values = {"state": Reservation.State(state).label, "order": Order.State(order_state).label}
        yield f"{number} {sku}", _("is %(state)s, but the order is %(order)s") % values
