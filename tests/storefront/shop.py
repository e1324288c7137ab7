"""A small shop for the tests, and a customer who fills in its forms."""

import itertools
import re
from typing import Any

from django.test import Client

from jumun.orders.models import Order
from jumun.storefront.models import Category, Product

_count = itertools.count(1)

ADDRESS = {
    "name": "김하늘",
    "email": "haneul@example.com",
    "country": "KR",
    "postal_code": "04524",
    "city": "서울",
    "address": "세종대로 110",
    "phone": "010-2345-6789",
}
# Sent by htmx with each of its requests.
HTMX = {"HX-Request": "true"}


def category(slug: str = "tea", **values: Any) -> Category:
    values = {"name_ko": "차", "name_en": "Tea"} | values
    return Category.objects.get_or_create(slug=slug, defaults=values)[0]


def product(**values: Any) -> Product:
    """A tea for 11,000 won with 10 % tax in it, ten in stock, unless told otherwise."""
    number = next(_count)
    defaults = {
        "sku": f"TEA-{number}",
        "slug": f"tea-{number}",
        "name_ko": "녹차",
        "name_en": "Green tea",
        "price_minor": 11_000,
        "currency": "KRW",
        "stock_quantity": 10,
    }
    return Product.objects.create(**{"category": values.get("category") or category()} | defaults | values)


def put(client: Client, product: Product, quantity: int = 1) -> Any:
    """Add to the cart as a browser without JavaScript does."""
    return client.post("/cart/add/", {"sku": product.sku, "quantity": quantity})


def form_token(client: Client) -> str:
    """What the checkout form of this visitor carries."""
    page = client.get("/checkout/").content.decode()
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found, "no checkout form"
    return found[1]


def checkout(client: Client, **values: Any) -> Any:
    """Send the checkout form, filled in well but for ``values``."""
    token = values.pop("form_token", None) or form_token(client)
    return client.post("/checkout/", ADDRESS | {"form_token": token} | values)


def buy(client: Client, product: Product, quantity: int = 1) -> Order:
    """The order of somebody who wants one article."""
    put(client, product, quantity)
    assert checkout(client).status_code == 303
    return Order.objects.latest("id")


def counts(product: Product) -> tuple[int, int, int]:
    """(sold, reserved, free)"""
    product.refresh_from_db()
    return product.sold_quantity, product.reserved_quantity, product.free_quantity
