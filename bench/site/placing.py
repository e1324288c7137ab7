"""``python -m bench.site.placing COUNT``: carts of 3 articles become orders with a session at Stripe.

Prints JSON: the milliseconds of each, and the statements of an order of 3 and of one of 30 articles. Stripe answers at
once, within this process, so that none of its time is counted.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, cast
from unittest.mock import patch

import django


def main(count: int) -> None:
    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from jumun.payments.stripe import gateway

    place = _placement()
    with patch.object(gateway, "create_session", _session):
        # Imports and caches are there from then on.
        place(3)()
        took_ms = []
        for placing in [place(3) for _ in range(count)]:
            before = time.perf_counter()
            placing()
            took_ms.append((time.perf_counter() - before) * 1000)
        statements = []
        for articles in (3, 30):
            placing = place(articles)
            with CaptureQueriesContext(connection) as found:
                placing()
            statements.append(len(found))
    print(json.dumps({"took_ms": took_ms, "statements": statements}))


def _session(params: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """What Stripe says of a session just made."""
    from bench.events import unique

    name = unique("cs_test")
    return {
        "id": name,
        "object": "checkout.session",
        "status": "open",
        "payment_status": "unpaid",
        "livemode": False,
        "amount_total": sum(line["quantity"] * line["price_data"]["unit_amount"] for line in params["line_items"]),
        "currency": params["line_items"][0]["price_data"]["currency"],
        "client_reference_id": params["client_reference_id"],
        "metadata": params["metadata"],
        "payment_intent": None,
        "url": f"https://checkout.stripe.com/c/pay/{name}",
        "expires_at": params["expires_at"],
    }


def _placement() -> Callable[[int], Callable[[], None]]:
    """How a cart of so many articles is filled, and then ordered."""
    from django.contrib.sessions.backends.base import SessionBase

    from jumun.orders.place import Customer
    from jumun.payments.checkout.open import open_checkout
    from jumun.storefront.cart import Cart
    from jumun.storefront.models import Category, Product
    from jumun.storefront.place_order import place_order

    shelf, _ = Category.objects.get_or_create(slug="bench")
    article = {"category": shelf, "name_ko": "백자 머그컵", "price_minor": 5500, "currency": "KRW"}
    goods = [
        Product.objects.get_or_create(
            sku=f"PLACE-{number}", defaults={**article, "slug": f"place-{number}", "stock_quantity": 10**8}
        )[0]
        for number in range(30)
    ]
    who = Customer(name="김하늘", email="haneul@example.com", address="세종대로 110", city="서울", country="KR")

    def place(articles: int) -> Callable[[], None]:
        cart = Cart(cast(SessionBase, {}))
        for one in goods[:articles]:
            cart.change(one, 2)

        def placing() -> None:
            order = place_order(cart, customer=who, shown=cart.summary)
            open_checkout(
                order, success_url="https://shop.example/s?{CHECKOUT_SESSION_ID}", cancel_url="https://shop.example/c"
            )

        return placing

    return place


if __name__ == "__main__":
    main(int(sys.argv[1]))
