"""Stock: reserved when an order is placed, sold when it is paid, released when it is cancelled or expires, and taken
back in when staff say so with a refund.

Everything runs in the transaction that changes the order, and takes the products' rows in the order of their ids.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.dispatch import receiver

from jumun.errors import OutOfStock
from jumun.orders.models import Order
from jumun.orders.signals import order_canceled, order_paid, order_refunded
from jumun.orders.timeline import Kind
from jumun.storefront.models import Product, Reservation


def reserve(order: Order, wanted: Iterable[tuple[Product, int]]) -> None:
    """Set the goods of ``order`` aside, all of them or none. Each product may occur once.

    Raises `OutOfStock` for the first product of which fewer are free.
    """
    with transaction.atomic():
        for product, quantity in sorted(wanted, key=lambda pair: pair[0].pk):
            _take(product, quantity)
            Reservation.objects.create(order=order, product=product, sku=product.sku, quantity=quantity)


def _take(product: Product, quantity: int) -> None:
    row = Product.objects.filter(pk=product.pk)
    enough = row.on_sale().filter(stock_quantity__gte=F("reserved_quantity") + F("sold_quantity") + quantity)
    if not enough.update(reserved_quantity=F("reserved_quantity") + quantity):
        current = row.on_sale().first()
        raise OutOfStock(product.sku, current.free_quantity if current else 0)


@receiver(order_paid, dispatch_uid="jumun.storefront.sell")
def sell(order: Order, **_: Any) -> None:
    """The reserved goods are the customer's. What an order that was paid late had let go of is taken anew.

    Raises `OutOfStock` where that is not possible: then the order is not paid.
    """
    for reservation in _in_state(order, Reservation.State.RELEASED).select_related("product"):
        _take(reservation.product, reservation.quantity)
        reservation.hold_again()
    _move(order, Reservation.State.SOLD)


@receiver(order_canceled, dispatch_uid="jumun.storefront.release")
def release(order: Order, **_: Any) -> None:
    """The reserved goods can be bought by somebody else."""
    _move(order, Reservation.State.RELEASED)


@receiver(order_refunded, dispatch_uid="jumun.storefront.restock")
def restock(order: Order, restocked: Mapping[str, int], **_: Any) -> None:
    """What came back can be bought again: so many of each article number, at most what was sold."""
    for reservation in _in_state(order, Reservation.State.SOLD).filter(sku__in=restocked):
        if back := reservation.take_back(restocked[reservation.sku]):
            order.record(Kind.RESTOCKED, sku=reservation.sku, quantity=back)


def _move(order: Order, state: Reservation.State) -> None:
    for reservation in _in_state(order, Reservation.State.HELD):
        reservation.move(state)


def _in_state(order: Order, state: Reservation.State) -> QuerySet[Reservation]:
    return order.reservations.filter(state=state).order_by("product_id")
