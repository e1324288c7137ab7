"""32 buyers of one article, each for an order of its own."""

from functools import partial

from django.db import connection, transaction

from bench.site.crowd import crowd
from bench.site.shelf import articles
from jumun.errors import OutOfStock
from jumun.orders.models import Order
from jumun.storefront.models import Product, Reservation
from jumun.storefront.stock import reserve

PEOPLE = 32
STOCK = 10
TIMES = {"postgresql": 25, "sqlite": 5}
CTE = """
WITH taken AS (
    UPDATE jumun_storefront_product SET reserved_quantity = reserved_quantity + 1
    WHERE id = %s AND active AND stock_quantity >= reserved_quantity + sold_quantity + 1 RETURNING id, sku
)
INSERT INTO jumun_storefront_reservation (order_id, product_id, sku, quantity, returned_quantity, state)
SELECT %s, id, sku, 1, 0, 'held' FROM taken
"""


def main(how: str, options: str = "ours") -> dict[str, float]:
    """``options`` may be Django's own, for the database's connections."""
    if options != "ours":
        connection.settings_dict["OPTIONS"] = {}
    few = crowd(partial(WAYS[how], _article(stock=STOCK)), people=PEOPLE, times=1)
    many = crowd(partial(WAYS[how], _article(stock=10**6)), people=PEOPLE, times=TIMES[connection.vendor])
    return {
        "oversold": few["done"] - STOCK,
        "failed": few["failed"] + many["failed"],
        "sales_per_s": many["per_s"],
    }


def _article(*, stock: int) -> int:
    Reservation.objects.all().delete()
    Product.objects.all().delete()
    (product,) = articles(1, stock=stock)
    return product.pk


def ours(product: int, order: int) -> int:
    """Take one piece for the order, as the other ways do: 1, or 0 where none is left."""
    try:
        reserve(Order(pk=order), [(Product(pk=product, sku="CUP-0"), 1)])
    except OutOfStock:
        return 0
    return 1


def naive(product: int, order: int) -> int:
    return _read_then_write(Product.objects.get(pk=product), order)


def for_update(product: int, order: int) -> int:
    with transaction.atomic():
        return _read_then_write(Product.objects.select_for_update().get(pk=product), order)


def _read_then_write(product: Product, order: int) -> int:
    if product.free_quantity < 1:
        return 0
    product.reserved_quantity += 1
    product.save(update_fields=["reserved_quantity"])
    Reservation.objects.create(order_id=order, product=product, sku=product.sku, quantity=1)
    return 1


def one_statement(product: int, order: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(CTE, [product, order])
        return int(cursor.rowcount)


WAYS = {way.__name__: way for way in (ours, naive, for_update, one_statement)}
