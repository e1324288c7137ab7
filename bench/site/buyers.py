"""``python -m bench.site.buyers HOW``: 32 buyers of one article; prints what became of them as JSON."""

import json
import sys
from collections.abc import Callable

import django

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


def main(how: str) -> None:
    django.setup()
    from django.db import connection

    from bench.site.crowd import crowd

    if how == "as Django comes":
        connection.settings_dict["OPTIONS"] = {}
    buy = _ways()[how]
    product = _article(stock=STOCK)
    few = crowd(lambda turn: buy(product, turn + 1), people=PEOPLE, times=1)
    product = _article(stock=1_000_000)
    many = crowd(lambda turn: buy(product, turn + 1), people=PEOPLE, times=TIMES[connection.vendor])
    print(json.dumps({"oversold": few.done - STOCK, "failed": few.failed + many.failed, "sales_per_s": many.per_s}))


def _article(*, stock: int) -> int:
    from jumun.storefront.models import Category, Product, Reservation

    Reservation.objects.all().delete()
    Product.objects.all().delete()
    shelf, _ = Category.objects.get_or_create(slug="bench")
    product = Product(sku="LAST", slug="last", category=shelf, name_ko="마지막", price_minor=1000, currency="KRW")
    product.stock_quantity = stock
    product.save()
    return product.pk


def _ways() -> dict[str, Callable[[int, int], int]]:
    """How one buyer takes one piece for an order: 1 for a piece, 0 where none is left."""
    from django.db import connection, transaction

    from jumun.errors import OutOfStock
    from jumun.orders.models import Order
    from jumun.storefront.models import Product, Reservation
    from jumun.storefront.stock import reserve

    def ours(product: int, order: int) -> int:
        try:
            reserve(Order(pk=order), [(Product(pk=product, sku="LAST"), 1)])
        except OutOfStock:
            return 0
        return 1

    def naive(product: int, order: int) -> int:
        row = Product.objects.get(pk=product)
        if row.free_quantity < 1:
            return 0
        row.reserved_quantity += 1
        row.save()
        Reservation.objects.create(order_id=order, product=row, sku=row.sku, quantity=1)
        return 1

    def for_update(product: int, order: int) -> int:
        with transaction.atomic():
            row = Product.objects.select_for_update().get(pk=product)
            if row.free_quantity < 1:
                return 0
            row.reserved_quantity += 1
            row.save(update_fields=["reserved_quantity"])
            Reservation.objects.create(order_id=order, product=row, sku=row.sku, quantity=1)
        return 1

    def one_statement(product: int, order: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(CTE, [product, order])
            return int(cursor.rowcount)

    return {
        "ours": ours,
        "naive": naive,
        "as Django comes": for_update,
        "for update": for_update,
        "one statement": one_statement,
    }


if __name__ == "__main__":
    main(sys.argv[1])
