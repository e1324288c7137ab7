"""Stock: reserved when an order is placed, sold when it is paid, released when it is canceled or expires, and put back
when staff say so with a refund.

Everything runs in the transaction that changes the order, and locks products in the order of their ids. It runs last in
that transaction: everybody else who buys the same product waits for its commit.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Case, F, IntegerField, When
from django.dispatch import receiver

from jumun.errors import OutOfStock
from jumun.orders.models import Order
from jumun.orders.signals import order_canceled, order_paid, order_refunded
from jumun.orders.timeline import Kind
from jumun.storefront.models import Product, Reservation
from jumun.text import normalized

State = Reservation.State
# By the product's id.
Quantities = Mapping[int, int]


def reserve(order: Order, wanted: Iterable[tuple[Product, int]]) -> None:
    """Reserve the goods of ``order``, all of them or none. Each product may occur once.

    Raises `OutOfStock` for the first product of which fewer are free.
    """
    goods = sorted(wanted, key=lambda pair: pair[0].pk)
    with transaction.atomic():
        Reservation.objects.bulk_create(
            [
                Reservation(order=order, product=product, sku=normalized(product.sku), quantity=quantity)
                for product, quantity in goods
            ]
        )
        _take({product.pk: quantity for product, quantity in goods})


@receiver(order_paid, dispatch_uid="jumun.storefront.sell")
def sell(order: Order, **_: Any) -> None:
    """Sell the reserved goods. An order that is paid late has released its goods: they are taken again.

    Raises `OutOfStock` where that is not possible: then the order is not paid.
    """
    unsold = _moved(order, (State.HELD, State.RELEASED), State.SOLD)
    _take(_quantities(row for row in unsold if row.state == State.RELEASED))
    _count(_quantities(unsold), reserved_quantity=-1, sold_quantity=1)


@receiver(order_canceled, dispatch_uid="jumun.storefront.release")
def release(order: Order, **_: Any) -> None:
    """Let somebody else buy the reserved goods."""
    _count(_quantities(_moved(order, (State.HELD,), State.RELEASED)), reserved_quantity=-1)


@receiver(order_refunded, dispatch_uid="jumun.storefront.restock")
def restock(order: Order, restocked: Mapping[str, int], **_: Any) -> None:
    """Put returned goods back on sale: the quantity of each article number, at most what was sold."""
    for reservation in order.reservations.filter(state=State.SOLD, sku__in=restocked).order_by("product_id"):
        if back := reservation.return_to_stock(restocked[reservation.sku]):
            order.record(Kind.RESTOCKED, sku=reservation.sku, quantity=back)


def _moved(order: Order, before: tuple[State, ...], state: State) -> list[Reservation]:
    """Move the order's reservations to ``state``; return those that were in one of ``before``, as they were."""
    rows = list(order.reservations.select_for_update().filter(state__in=before).order_by("product_id"))
    order.reservations.filter(pk__in=[row.pk for row in rows]).update(state=state)
    return rows


def _quantities(reservations: Iterable[Reservation]) -> Quantities:
    return {row.product_id: row.quantity for row in reservations}


def _take(quantities: Quantities) -> None:
    """Turn free goods into reserved ones. Raises `OutOfStock`; the caller must then roll back."""
    if len(quantities) > 1:
        _lock_free(quantities)
    while quantities:
        quantity = _quantity_of_each(quantities)
        taken = F("reserved_quantity") + F("sold_quantity") + quantity
        free = Product.objects.on_sale().filter(pk__in=quantities, stock_quantity__gte=taken)
        if free.update(reserved_quantity=F("reserved_quantity") + quantity):
            return
        # Locked, so that the next UPDATE succeeds if the goods have become free meanwhile.
        _lock_free(quantities)


def _lock_free(quantities: Quantities) -> None:
    """Lock the products. Raises `OutOfStock` if one of them is short, or has been deleted."""
    found = {product.pk: product for product in _lock(quantities)}
    for product_id, quantity in quantities.items():
        product = found.get(product_id)
        free = product.free_quantity if product and product.is_on_sale else 0
        if free < quantity:
            raise OutOfStock(product.sku if product else "", free)


def _count(quantities: Quantities, **counters: int) -> None:
    """Add the quantity, times the number given, to each counter of each product."""
    if len(quantities) > 1:
        _lock(quantities)
    if quantities:
        quantity = _quantity_of_each(quantities)
        changes = {name: F(name) + times * quantity for name, times in counters.items()}
        Product.objects.filter(pk__in=quantities).update(**changes)


def _lock(quantities: Quantities) -> list[Product]:
    """The products, locked in the order of their ids: one UPDATE of several would lock them in any order."""
    return list(Product.objects.select_for_update(no_key=True).filter(pk__in=quantities).order_by("pk"))


def _quantity_of_each(quantities: Quantities) -> Case:
    """An SQL expression: the quantity of the row's product."""
    whens = [When(pk=product_id, then=quantity) for product_id, quantity in quantities.items()]
    return Case(*whens, output_field=IntegerField())
