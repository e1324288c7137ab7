"""Stock: reserved when an order is placed, sold when it is paid, released when it is cancelled or expires, and taken
back in when staff say so with a refund.

Everything runs in the transaction that changes the order, and takes the products' rows in the order of their ids. They
are touched last: everybody else who buys the same waits for them until we commit.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from django.db import connections, router, transaction
from django.dispatch import receiver

from jumun.conf import jumun
from jumun.db.fast import change_all, find_all, insert_all
from jumun.errors import OutOfStock
from jumun.orders.models import Order
from jumun.orders.signals import order_canceled, order_paid, order_refunded
from jumun.orders.timeline import Kind
from jumun.storefront.models import Product, Reservation
from jumun.text import normalized

State = Reservation.State
# How many of each product, by its id.
Pieces = Mapping[int, int]

# All products in one statement, each with its own number of pieces.
UPDATE = """
WITH goods(product_id, pieces) AS (VALUES {goods})
UPDATE jumun_storefront_product SET {changed} FROM goods WHERE id = product_id AND {only} RETURNING id
"""
# Which `Product.is_on_sale`, with as many free pieces as are asked for.
ENOUGH = "active AND currency = %s AND stock_quantity >= reserved_quantity + sold_quantity + pieces"


def reserve(order: Order, wanted: Iterable[tuple[Product, int]]) -> None:
    """Set the goods of ``order`` aside, all of them or none. Each product may occur once.

    Raises `OutOfStock` for the first product of which fewer are free.
    """
    goods = sorted(wanted, key=lambda pair: pair[0].pk)
    with transaction.atomic():
        insert_all(
            [
                Reservation(order=order, product=product, sku=normalized(product.sku), quantity=quantity)
                for product, quantity in goods
            ]
        )
        _take({product.pk: quantity for product, quantity in goods})


@receiver(order_paid, dispatch_uid="jumun.storefront.sell")
def sell(order: Order, **_: Any) -> None:
    """The reserved goods are the customer's. What an order that was paid late had let go of is taken anew.

    Raises `OutOfStock` where that is not possible: then the order is not paid.
    """
    unsold = _moved(order, (State.HELD, State.RELEASED), State.SOLD)
    if released := _pieces(row for row in unsold if row.state == State.RELEASED):
        _take(released)
    _count(_pieces(unsold), reserved_quantity=-1, sold_quantity=1)


@receiver(order_canceled, dispatch_uid="jumun.storefront.release")
def release(order: Order, **_: Any) -> None:
    """The reserved goods can be bought by somebody else."""
    _count(_pieces(_moved(order, (State.HELD,), State.RELEASED)), reserved_quantity=-1)


@receiver(order_refunded, dispatch_uid="jumun.storefront.restock")
def restock(order: Order, restocked: Mapping[str, int], **_: Any) -> None:
    """What came back can be bought again: so many of each article number, at most what was sold."""
    for reservation in order.reservations.filter(state=State.SOLD, sku__in=restocked).order_by("product_id"):
        if back := reservation.take_back(restocked[reservation.sku]):
            order.record(Kind.RESTOCKED, sku=reservation.sku, quantity=back)


def _moved(order: Order, before: tuple[State, ...], state: State) -> list[Reservation]:
    """Give the order's reservations another state; return those that had one of ``before``, as they were."""
    rows = find_all(Reservation, order_id=order.pk, state=before, order_by="product_id", locked=True)
    change_all(rows, {"state": state})
    return rows


def _pieces(reservations: Iterable[Reservation]) -> Pieces:
    return {row.product_id: row.quantity for row in reservations}


def _take(pieces: Pieces) -> None:
    """free -> reserved. Raises `OutOfStock`, and the caller's transaction is then to be rolled back."""
    if len(pieces) > 1:
        _check(pieces)
    # Once the rows are checked, and so locked, there is enough.
    while not _add(pieces, {"reserved_quantity": 1}, ENOUGH, jumun().currency):
        _check(pieces)


def _check(pieces: Pieces) -> None:
    """Lock the products' rows. Raises `OutOfStock` where one of them is short, or has been deleted."""
    found = {row.pk: row for row in _lock(pieces)}
    for product, quantity in pieces.items():
        row = found.get(product)
        free = row.free_quantity if row and row.is_on_sale else 0
        if free < quantity:
            raise OutOfStock(row.sku if row else "", free)


def _count(pieces: Pieces, **counters: int) -> None:
    """Add so many times the pieces to each of the products' counters."""
    if len(pieces) > 1:
        _lock(pieces)
    if pieces:
        _add(pieces, counters)


def _add(pieces: Pieces, counters: Mapping[str, int], only: str = "TRUE", *parameters: str) -> int:
    """Add so many times its pieces to the counters of each product of which ``only``, with its ``parameters``, is true;
    return how many those were.
    """
    changed = ", ".join(f"{name} = {name} + {times} * pieces" for name, times in counters.items())
    goods = ", ".join(["(CAST(%s AS bigint), CAST(%s AS integer))"] * len(pieces))
    with connections[router.db_for_write(Product)].cursor() as cursor:
        cursor.execute(UPDATE.format(goods=goods, changed=changed, only=only), [*chain(*pieces.items()), *parameters])
        # Python's sqlite3 counts no rows of a statement that begins with WITH.
        return len(cursor.fetchall())


def _lock(pieces: Pieces) -> list[Product]:
    """Those rows, in the order of their ids; a single UPDATE takes several in an order of its own."""
    return find_all(Product, id=tuple(pieces), locked=True)
