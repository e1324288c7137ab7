"""What is too little, or too much, for one card payment is refused in words before an order is placed."""

import pytest
from django.test import Client

from jumun.audit import findings
from jumun.orders.models import Order, OrderLine
from paywright.testing import Paywright
from tests.storefront.shop import ADDRESS, buy, checkout, counts, form_token, product, put

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", "카드로 결제할 수 있는 최소 금액은 ₩770입니다."),
        ("en", "The smallest amount that can be paid by card is ₩770."),
    ],
)
def test_too_little_is_told_in_the_cart_and_at_checkout(client: Client, language: str, words: str) -> None:
    client.cookies["django_language"] = language
    sweet = product(price_minor=500)
    put(client, sweet)
    cart = client.get("/cart/").content.decode()
    assert words in cart
    assert 'href="/checkout/"' not in cart
    assert words in client.get("/checkout/").content.decode()
    answer = client.post("/checkout/", ADDRESS | {"form_token": form_token(client)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "세종대로 110" in page
    assert not Order.objects.exists()
    assert counts(sweet) == (0, 0, 10)
    assert "₩500" in client.get("/cart/").content.decode(), "the cart is kept"


def test_a_cheap_article_is_sold_with_another(client: Client) -> None:
    put(client, product(price_minor=500), 2)
    assert 'href="/checkout/"' in client.get("/cart/").content.decode()
    assert checkout(client).status_code == 303
    assert Order.objects.get().total_minor == 1_000


def test_too_much_is_told_with_the_most_that_is_charged(client: Client) -> None:
    put(client, product(price_minor=60_000_000), 2)
    answer = checkout(client)
    assert answer.status_code == 422
    assert "₩99,999,999" in answer.content.decode()
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("total_minor", "words"),
    [(500, "최소 금액은 ₩770입니다."), (100_000_000, "한 번에 결제할 수 있는 최대 금액은 ₩99,999,999입니다.")],
)
def test_an_amount_that_stripe_refuses_later_ends_the_order(
    client: Client, stripe: Paywright, total_minor: int, words: str
) -> None:
    tea = product()
    order = buy(client, tea)
    # As if it had been placed under other limits.
    OrderLine.objects.update(unit_price_minor=total_minor, total_minor=total_minor, tax_minor=0)
    Order.objects.update(total_minor=total_minor, tax_minor=0)
    answer = client.post("/payment/process/")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "청구된 금액은 없습니다" in page
    assert "<button" not in page.split("<main")[1].split("</main>")[0], "a button that can only fail again"
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert counts(tea) == (0, 0, 10), "the goods are for sale again"
    assert 'action="/payment/process/"' not in client.get(order.get_customer_url()).content.decode()
    # That its amount was changed in the database is named; nothing else is wrong.
    assert {row.subject for row in findings()} == {order.number}
