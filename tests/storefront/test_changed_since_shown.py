"""The customer pays what they saw: what changes between the summary and the press of the button is shown again."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from jumun.errors import SummaryChanged
from jumun.orders.models import Order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.stripe import gateway
from jumun.storefront.cart import Cart
from jumun.storefront.models import Product
from jumun.storefront.place_order import place_order
from jumun.storefront.summary import Summary
from paywright.testing import Paywright
from tests.orders.placing import CUSTOMER
from tests.payments.paying import URLS, session_id
from tests.storefront.shop import ADDRESS, HTMX, checkout, counts, form_token, product, put

pytestmark = pytest.mark.django_db


def change(tea: Product, **values: Any) -> None:
    Product.objects.filter(pk=tea.pk).update(**values)


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"price_minor": 12_000}, ["녹차: 가격 변경, ₩11,000 → ₩12,000", "합계 변경: ₩22,000 → ₩24,000"]),
        ({"price_minor": 9_900}, ["녹차: 가격 변경, ₩11,000 → ₩9,900", "합계 변경: ₩22,000 → ₩19,800"]),
        ({"name_ko": "말차"}, ["상품 이름 변경: 녹차 → 말차"]),
        ({"tax_rate_ppm": 0}, ["녹차: 세금 변경, 10% → 면세", "포함된 세금 변경: ₩2,000 → ₩0"]),
        ({"tax_rate_ppm": 80_000}, ["녹차: 세금 변경, 10% → 8%", "포함된 세금 변경: ₩2,000 → ₩1,630"]),
    ],
)
def test_what_changed_is_told_and_nothing_is_ordered(
    client: Client, values: dict[str, Any], told: list[str], headers: dict[str, str]
) -> None:
    tea = product(name_ko="녹차")
    put(client, tea, 2)
    token = form_token(client)
    change(tea, **values)
    answer = client.post("/checkout/", ADDRESS | {"form_token": token}, headers=headers)
    page = unescape(answer.content.decode())
    assert answer.status_code == 409
    assert "주문 내용이 바뀌었습니다" in page
    assert all(sentence in page for sentence in told)
    assert "세종대로 110" in page, "what was typed is kept"
    assert not Order.objects.exists()
    assert counts(tea) == (0, 0, 10)
    assert checkout(client).status_code == 303
    line = Order.objects.get().lines.get()
    tea.refresh_from_db()
    assert (line.name, line.unit_price_minor, line.tax_rate_ppm) == (tea.name_ko, tea.price_minor, tea.tax_rate_ppm)


def test_the_page_that_told_the_change_orders_at_the_second_press(client: Client) -> None:
    tea = product()
    put(client, tea)
    token = form_token(client)
    change(tea, price_minor=12_000)
    page = client.post("/checkout/", ADDRESS | {"form_token": token}).content.decode()
    again = page.split('name="form_token" value="')[1].split('"')[0]
    assert checkout(client, form_token=again).status_code == 303
    assert Order.objects.get().total_minor == 12_000


def test_the_same_change_pressed_again_in_another_tab_is_still_refused(client: Client) -> None:
    tea = product()
    put(client, tea)
    first, second = form_token(client), form_token(client)
    change(tea, price_minor=12_000)
    for old in (first, second, first):
        assert checkout(client, form_token=old).status_code == 409
    assert not Order.objects.exists()


def test_a_price_that_changed_back_is_no_change(client: Client) -> None:
    tea = product()
    put(client, tea)
    token = form_token(client)
    change(tea, price_minor=12_000)
    change(tea, price_minor=11_000)
    assert checkout(client, form_token=token).status_code == 303
    assert Order.objects.get().total_minor == 11_000


def test_what_the_customer_does_not_pay_for_may_change(client: Client) -> None:
    tea = product()
    put(client, tea)
    token = form_token(client)
    change(tea, stock_quantity=50, description_ko="새 설명", position=3, picture="new.webp", slug="new")
    assert checkout(client, form_token=token).status_code == 303


def test_a_wrong_field_does_not_hide_the_change(client: Client) -> None:
    tea = product(name_ko="녹차")
    put(client, tea)
    token = form_token(client)
    change(tea, price_minor=12_000)
    answer = checkout(client, form_token=token, phone="1")
    assert answer.status_code == 422
    assert "₩11,000 → ₩12,000" in answer.content.decode()


def test_names_in_another_language_are_shown_before_they_are_ordered(client: Client) -> None:
    put(client, product(name_ko="녹차", name_en="Green tea"))
    token = form_token(client)
    client.cookies["django_language"] = "en"
    answer = checkout(client, form_token=token)
    assert answer.status_code == 409
    assert "녹차 has a new name: Green tea" in answer.content.decode()
    assert not Order.objects.exists()


def test_quantities_and_articles_changed_in_another_tab_are_named(client: Client) -> None:
    tea, cup, book = product(name_ko="녹차"), product(name_ko="찻잔"), product(name_ko="책")
    put(client, tea)
    put(client, cup)
    token = form_token(client)
    client.post("/cart/change/", {"sku": tea.sku, "quantity": 3})
    client.post("/cart/remove/", {"sku": cup.sku})
    put(client, book)
    page = unescape(checkout(client, form_token=token).content.decode())
    assert "녹차: 수량 변경, 1 → 3" in page
    assert "주문에서 빠진 상품: 찻잔" in page
    assert "주문에 추가된 상품: 책" in page


def test_a_shop_that_changed_its_currency_sells_nothing_at_the_old_price(client: Client, settings: Settings) -> None:
    tea = product(name_ko="녹차", price_minor=11_000)
    put(client, tea)
    token = form_token(client)
    settings.JUMUN = {"CURRENCY": "JPY"}
    change(tea, currency="JPY", price_minor=1_100)
    answer = checkout(client, form_token=token)
    assert answer.status_code == 409
    assert "₩11,000 → JP¥1,100" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_summary_that_the_shop_did_not_sign_orders_nothing(client: Client) -> None:
    tea = product()
    put(client, tea)
    token = form_token(client)
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert checkout(client, form_token=forged).status_code == 409
    # Nor does the bare token of the cart, which says nothing of what was shown.
    assert checkout(client, form_token=client.session["jumun_cart"]["token"]).status_code == 409
    assert not Order.objects.exists()


def test_a_price_that_changes_while_the_order_is_placed_is_not_charged(client: Client) -> None:
    tea = product()
    put(client, tea)
    cart = Cart(client.session)
    shown = cart.summary
    change(tea, price_minor=12_000)
    order = place_order(cart, customer=CUSTOMER, shown=shown)
    assert order.total_minor == shown.total_minor == 11_000
    with pytest.raises(SummaryChanged):
        place_order(Cart(client.session), customer=CUSTOMER, shown=shown)


def test_stripes_page_shows_the_names_and_sums_of_the_summary(client: Client, stripe: Paywright) -> None:
    put(client, product(name_ko="녹차"), 2)
    put(client, product(name_ko="책", price_minor=17_000))
    shown = Cart(client.session).summary
    checkout(client)
    order = Order.objects.get()
    Product.objects.update(name_ko="다른 이름", price_minor=1)
    open_checkout(order, **URLS)
    found = gateway._client().v1.checkout.sessions.line_items.list(session_id(order)).data
    assert [(line.description, line.quantity, line.amount_total) for line in found] == [
        (line.name, line.quantity, line.total_minor) for line in shown.lines
    ]
    assert gateway.retrieve_session(session_id(order))["amount_total"] == shown.total_minor


def test_the_summary_is_what_the_order_freezes(client: Client) -> None:
    for price_minor, rate_ppm in [(1_001, 100_000), (3_333, 80_000), (9_999, 0), (1_001, 100_000)]:
        put(client, product(price_minor=price_minor, tax_rate_ppm=rate_ppm), 3)
    shown = Cart(client.session).summary
    checkout(client)
    order = Order.objects.get()
    frozen = [
        (line.sku, line.name, line.quantity, line.unit_price_minor, line.tax_rate_ppm, line.tax_category)
        for line in order.lines.all()
    ]
    assert frozen == [
        (line.sku, line.name, line.quantity, line.unit_price_minor, line.tax_rate_ppm, line.tax_category)
        for line in shown.lines
    ]
    totals = order.total_minor, order.tax_minor, order.rounding_minor
    assert totals == (shown.total_minor, shown.tax_minor, shown.rounding_minor)
    assert isinstance(shown, Summary)
