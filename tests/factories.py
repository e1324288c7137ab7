"""Orders for tests, made by the calls that the store itself makes."""

import itertools
from datetime import timedelta
from typing import Any

from django.utils import timezone

from jumun import money
from jumun.orders.customer_and_items import Customer, Item
from jumun.orders.models import Order
from jumun.payments.merge import apply
from jumun.payments.models import Payment
from tests.payments.stripe_says import session_of

_count = itertools.count(1)

CUSTOMER: dict[str, str] = {
    "name": "김하늘",
    "email": "haneul@example.com",
    "address": "세종대로 110",
    "postal_code": "04524",
    "city": "서울",
    "country": "KR",
    "phone": "+821012345678",
}


def item(**values: Any) -> Item:
    """One line: 2 x 5,500 minor units with 10 % tax in them, unless told otherwise."""
    cup: dict[str, Any] = {"sku": "CUP-1", "name": "백자 머그컵", "unit_price_minor": 5500, "quantity": 2}
    return Item(**cup | {"tax_rate_ppm": 100_000} | values)


def place_order(
    *,
    lines: list[Item] | None = None,
    currency: str = "KRW",
    language: str = "ko",
    prices_include_tax: bool = True,
    discount_minor: int = 0,
    **customer: Any,
) -> Order:
    """A placed, unpaid order; keywords such as ``name`` or ``country`` change the customer."""
    return Order.place(
        lines=lines or [item()],
        customer=Customer(**CUSTOMER | customer),
        currency=currency,
        language=language,
        prices_include_tax=prices_include_tax,
        discount_minor=discount_minor,
    )


def stored_order(**columns: Any) -> Order:
    """An order whose customer's columns hold just that, as a row may that `Order.place` did not write."""
    order = place_order()
    Order.objects.filter(pk=order.pk).update(**columns)
    order.refresh_from_db()
    return order


def make_overdue(order: Order) -> Order:
    """The order, which could have been paid until a second ago."""
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    return Order.objects.get(pk=order.pk)


def pay(order: Order, **values: Any) -> Order:
    """Let Stripe tell that the order is paid; the same order, fresh from the database."""
    apply(session_of(order, **values))
    order.refresh_from_db()
    return order


def paid_order(**values: Any) -> Order:
    """A paid order with its payment and invoice; keywords as for `place_order`."""
    return pay(place_order(**values))


def refund_snapshot(payment: Payment, amount_minor: int, **values: Any) -> dict[str, Any]:
    """What Stripe says of a refund that has succeeded."""
    return {
        "id": f"re_{next(_count)}",
        "object": "refund",
        "status": "succeeded",
        "amount": money.to_stripe(amount_minor, payment.currency),
        "currency": payment.currency.lower(),
        "payment_intent": payment.payment_intent_id,
        "metadata": {},
    } | values
