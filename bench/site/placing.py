"""Carts become orders with a session at Stripe, which answers at once, within this process."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.events import unique
from bench.site.shelf import articles
from jumun.orders.customer_and_items import Customer
from jumun.payments.checkout.open import open_checkout
from jumun.payments.stripe import gateway
from jumun.storefront.cart import Cart
from jumun.storefront.place_order import place_order

CUSTOMER = Customer(name="김하늘", email="haneul@example.com", address="세종대로 110", city="서울", country="KR")


def main(count: str) -> dict[str, list[float]]:
    """The milliseconds of each of ``count`` orders, and the statements of an order of 3 and of one of 30 articles."""
    with stripe_answering():
        filled_cart(3)()  # imports and caches are there from then on
        took_ms = []
        for placing in [filled_cart(3) for _ in range(int(count))]:
            before = time.perf_counter()
            placing()
            took_ms.append((time.perf_counter() - before) * 1000)
        return {"took_ms": took_ms, "statements": [_statements(filled_cart(3)), _statements(filled_cart(30))]}


def _statements(placing: Callable[[], None]) -> int:
    with CaptureQueriesContext(connection) as found:
        placing()
    return len(found)


def filled_cart(count: int) -> Callable[[], None]:
    """What places the order of a cart with so many articles, and opens its checkout."""
    cart = Cart(cast(SessionBase, {}))
    for article in articles(count):
        cart.change(article, 2)

    def placing() -> None:
        order = place_order(cart, customer=CUSTOMER, shown=cart.summary)
        open_checkout(
            order, success_url="https://shop.example/s?{CHECKOUT_SESSION_ID}", cancel_url="https://shop.example/c"
        )

    return placing


@contextmanager
def stripe_answering() -> Iterator[list[dict[str, Any]]]:
    """Stripe makes sessions within this process, and lists them."""
    made: list[dict[str, Any]] = []

    def create_session(params: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
        prices = [(line["quantity"], line["price_data"]) for line in params["line_items"]]
        name = unique("cs_test")
        session = {
            "id": name,
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "livemode": False,
            "amount_total": sum(quantity * price["unit_amount"] for quantity, price in prices),
            "currency": prices[0][1]["currency"],
            "client_reference_id": params["client_reference_id"],
            "metadata": params["metadata"],
            "payment_intent": None,
            "url": f"https://checkout.stripe.com/c/pay/{name}",
            "expires_at": params["expires_at"],
        }
        made.append(session)
        return session

    with patch.object(gateway, "create_session", create_session):
        yield made
