import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from pytest_django.fixtures import Settings

from jumun import money
from jumun.errors import AmountOutOfRange, AmountTooLarge, AmountTooSmall, EmptyOrder, OrderRefused, TooManyLines
from jumun.orders.customer_and_items import LINES_MAX, Item
from jumun.orders.models import Order
from tests.orders.placing import BOOK, CUSTOMER, TEA

pytestmark = pytest.mark.django_db


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
        ([replace(BOOK, unit_price_minor=0)], AmountTooSmall),
        ([replace(BOOK, unit_price_minor=500)], AmountTooSmall),
        ([replace(BOOK, unit_price_minor=100_000_000)], AmountTooLarge),
    ],
)
def test_what_cannot_be_charged_is_refused_and_leaves_nothing(lines: list[Item], error: type[Exception]) -> None:
    with pytest.raises(error):
        Order.place(lines=lines, customer=CUSTOMER)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("currency", "least_minor", "most_minor"),
    [("KRW", 770, 99_999_999), ("USD", 50, 99_999_999), ("IDR", 880_000, 999_999_999_999), ("KWD", 170, 99_999_990)],
)
def test_an_order_is_within_what_stripe_charges(currency: str, least_minor: int, most_minor: int) -> None:
    def place(total_minor: int) -> Order:
        return Order.place(lines=[replace(BOOK, unit_price_minor=total_minor)], customer=CUSTOMER, currency=currency)

    for total_minor in (least_minor, most_minor):
        order = place(total_minor)
        order.refresh_from_db()
        assert (order.total_minor, order.lines.get().unit_price_minor) == (total_minor, total_minor)
    step = money.charge_step_minor(currency)
    with pytest.raises(AmountTooSmall) as small:
        place(least_minor - step)
    assert small.value.minimum_minor == least_minor
    with pytest.raises(AmountTooLarge) as large:
        place(most_minor + step)
    assert large.value.maximum_minor == most_minor
    assert Order.objects.count() == 2


def test_a_currency_that_stripe_does_not_take_is_refused() -> None:
    with pytest.raises(OrderRefused, match="takes no payments in KPW"):
        Order.place(lines=[BOOK], customer=CUSTOMER, currency="KPW")


@pytest.mark.parametrize("currency", ["KWD", "BHD", "OMR", "JOD", "TND"])
@pytest.mark.parametrize("including", [True, False])
@pytest.mark.parametrize(("unit_price_minor", "quantity"), [(1_234, 1), (1_235, 1), (1_239, 3), (1_990, 7), (2_001, 2)])
def test_the_total_is_rounded_to_what_stripe_charges(
    currency: str, including: bool, unit_price_minor: int, quantity: int
) -> None:
    tea = replace(TEA, unit_price_minor=unit_price_minor, quantity=quantity, tax_rate_ppm=50_000)
    order = Order.place(lines=[tea, tea], customer=CUSTOMER, currency=currency, prices_include_tax=including)
    order.refresh_from_db()
    lines_minor = sum(line.total_minor for line in order.lines.all())
    assert order.total_minor == (lines_minor + 5) // 10 * 10
    assert order.rounding_minor == order.total_minor - lines_minor
    assert order.net_minor + order.tax_minor + order.rounding_minor == order.total_minor
    assert order.tax_minor == sum(line.tax_minor for line in order.lines.all())


@pytest.mark.parametrize("rounding_minor", [-5, 6])
def test_the_database_refuses_a_rounding_that_is_more(rounding_minor: int) -> None:
    order = Order.place(lines=[TEA], customer=CUSTOMER, currency="KWD")
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(rounding_minor=rounding_minor)


def test_the_order_of_a_form_is_known_by_its_token() -> None:
    without = Order.place(lines=[TEA], customer=CUSTOMER)
    order, other = (Order.place(lines=[TEA], customer=CUSTOMER, form_token=token) for token in ("once", "again"))
    found = [Order.of_form(token) for token in ("once", "again", "", "never", "\ud800")]
    assert found == [order, other, None, None, None]
    assert [row.is_of_form("once") for row in (order, other, without)] == [True, False, False]


def test_goods_are_kept_for_as_long_as_the_shop_says() -> None:
    order = Order.place(lines=[TEA], customer=CUSTOMER, expires_in_s=600)
    assert order.expires_at - order.placed_at == timedelta(minutes=10)


def test_one_form_places_one_order() -> None:
    Order.place(lines=[TEA], customer=CUSTOMER, form_token="once")
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.place(lines=[TEA], customer=CUSTOMER, form_token="once")
    assert Order.objects.count() == 1
