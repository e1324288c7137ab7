"""Stock: reserved when an order is placed, sold when it is paid, released when it is cancelled or expires.

Everything runs in the transaction that changes the order, and takes the products' rows in the order of their ids.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F
from django.dispatch import receiver

from jumun.errors import OutOfStock
from jumun.orders.models import Order
from jumun.orders.signals import order_canceled, order_paid
from jumun.storefront.models import Product, Reservation


def reserve(order: Order, wanted: Iterable[tuple[Product, int]]) -> None:
    """Set the goods of ``order`` aside, all of them or none. Each product may occur once.

    Raises `OutOfStock` for the first product of which fewer are free.
    """
    with transaction.atomic():
        for product, quantity in sorted(wanted, key=lambda pair: pair[0].pk):
            _take(product, quantity)
            Reservation.objects.create(order=order, product=product, quantity=quantity)


def _take(product: Product, quantity: int) -> None:
    row = Product.objects.filter(pk=product.pk)
    enough = row.on_sale().filter(stock_quantity__gte=F("reserved_quantity") + F("sold_quantity") + quantity)
    if not enough.update(reserved_quantity=F("reserved_quantity") + quantity):
        current = row.on_sale().first()
        raise OutOfStock(product.sku, current.free_quantity if current else 0)


@receiver(order_paid, dispatch_uid="jumun.storefront.sell")
def sell(order: Order, **_: Any) -> None:
    """The reserved goods are the customer's."""
    _move(order, Reservation.State.SOLD)


@receiver(order_canceled, dispatch_uid="jumun.storefront.release")
def release(order: Order, **_: Any) -> None:
    """The reserved goods can be bought by somebody else."""
    _move(order, Reservation.State.RELEASED)


def _move(order: Order, state: Reservation.State) -> None:
    for reservation in order.reservations.filter(state=Reservation.State.HELD).order_by("product_id"):
        reservation.move(state)
