import re
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from pytest_django.fixtures import Settings

from jumun.errors import AmountOutOfRange, EmptyOrder, TooManyLines
from jumun.orders.models import Order
from jumun.orders.place import LINES_MAX, Customer, Item

pytestmark = pytest.mark.django_db

CUSTOMER = Customer(name="김하늘", email="haneul@example.com", phone="+821012345678")
TEA = Item(sku="tea", name="우전 녹차", unit_price_minor=33_000, quantity=2, tax_rate_ppm=100_000)
BOOK = Item(sku="book", name="차의 책", unit_price_minor=15_000, quantity=1)


def test_an_order_keeps_the_names_prices_and_tax_of_its_moment() -> None:
    order = Order.place(lines=[TEA, BOOK], customer=CUSTOMER, currency="KRW")
    tea, book = order.lines.all()
    assert (tea.name, tea.unit_price_minor, tea.quantity, tea.tax_minor, tea.total_minor) == (
        "우전 녹차",
        33_000,
        2,
        6_000,
        66_000,
    )
    assert (book.tax_minor, book.total_minor) == (0, 15_000)
    assert (order.total_minor, order.tax_minor, order.net_minor) == (81_000, 6_000, 75_000)


def test_an_order_has_a_number_for_people_and_a_reference_nobody_guesses() -> None:
    orders = [Order.place(lines=[TEA], customer=CUSTOMER) for _ in range(20)]
    assert all(re.fullmatch(r"\d{8}-[0-9A-HJKMNP-TV-Z]{8}", order.number) for order in orders)
    assert all(len(order.reference) >= 22 for order in orders)
    assert len({order.reference for order in orders} | {order.number for order in orders}) == 40


def test_a_new_order_waits_for_payment_in_the_language_of_its_customer() -> None:
    with translation.override("en"):
        order = Order.place(lines=[TEA], customer=CUSTOMER)
    order.refresh_from_db()
    assert (order.state, order.language, order.livemode, order.currency) == ("placed", "en", False, "KRW")
    assert order.expires_at > order.placed_at


def test_orders_under_a_live_key_are_real_money(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_of_nobody"
    assert Order.place(lines=[TEA], customer=CUSTOMER).livemode


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([], EmptyOrder),
        ([BOOK] * (LINES_MAX + 1), TooManyLines),
        ([replace(BOOK, quantity=0)], AmountOutOfRange),
        ([replace(BOOK, unit_price_minor=-1)], AmountOutOfRange),
        ([replace(BOOK, unit_price_minor=0)], AmountOutOfRange),
        ([replace(BOOK, unit_price_minor=100_000_000)], AmountOutOfRange),
    ],
)
def test_what_cannot_be_charged_is_refused_and_leaves_nothing(lines: list[Item], error: type[Exception]) -> None:
    with pytest.raises(error):
        Order.place(lines=lines, customer=CUSTOMER)
    assert not Order.objects.exists()


@pytest.mark.parametrize("prices", [[1_001], [1_001, 1_009]])
def test_fils_that_stripe_does_not_charge_are_refused(prices: list[int]) -> None:
    lines = [replace(BOOK, unit_price_minor=price) for price in prices]
    with pytest.raises(AmountOutOfRange, match="end in 0"):
        Order.place(lines=lines, customer=CUSTOMER, currency="KWD")
    assert not Order.objects.exists()


def test_one_form_places_one_order() -> None:
    Order.place(lines=[TEA], customer=CUSTOMER, form_token="once")
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.place(lines=[TEA], customer=CUSTOMER, form_token="once")
    assert Order.objects.count() == 1
