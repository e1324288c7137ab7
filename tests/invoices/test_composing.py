"""Every value of an order, its lines and its seller is copied into the invoice's document."""

import datetime
from typing import Any

import pytest
from django.db import connection

from jumun.db import append_only
from jumun.invoices.compose import buyer_of, compose
from jumun.invoices.documents.document import Document, Line, Party, PaymentReference, TaxSubtotal
from jumun.orders.models import Order, OrderLine
from tests.factories import CUSTOMER, item, place_order

pytestmark = pytest.mark.django_db

ISSUED_ON = datetime.date(2026, 11, 30)
PAID = PaymentReference(card_brand="visa", card_last4="4242", stripe_id="pi_1", paid_on=ISSUED_ON)
SELLER = {
    "name": "주문상회",
    "address": ("세종대로 1", "3층"),
    "postal_code": "03172",
    "city": "서울",
    "country": "KR",
    "email": "shop@example.com",
    "phone": "+8222345678",
    "tax_id": "120-81-47521",
    "registration": ("통신판매업 제1호",),
    "code": "",
}


@pytest.fixture(autouse=True)
def seller(settings: Any) -> None:
    settings.JUMUN = {
        **settings.JUMUN,
        "SELLER": {name.upper(): value for name, value in SELLER.items()},
        "SITE_URL": "https://shop.example.com/",
    }


def composed(order: Order, paid_by: PaymentReference | None = PAID) -> Document:
    return compose(Order.objects.get(pk=order.pk), issued_on=ISSUED_ON, paid_by=paid_by)


def test_it_says_all_that_was_ordered() -> None:
    lines = [
        item(sku="TEA", name="Tea", unit_price_minor=1_000, quantity=3, discount_minor=500, tax_rate_ppm=100_000),
        item(sku="RICE", name="Rice", unit_price_minor=2_000, quantity=1, tax_rate_ppm=0, tax_category="E"),
    ]
    order = place_order(lines=lines, currency="USD", language="en", prices_include_tax=False, tax_id="120-81-47521")
    document = composed(order)
    assert document.lines == (
        Line(
            position=1,
            description="Tea",
            sku="TEA",
            quantity=3,
            unit_price_minor=1_000,
            discount_minor=500,
            tax_rate_ppm=100_000,
            tax_category="S",
            net_minor=2_500,
            tax_minor=250,
            total_minor=2_750,
        ),
        Line(
            position=2,
            description="Rice",
            sku="RICE",
            quantity=1,
            unit_price_minor=2_000,
            tax_rate_ppm=0,
            tax_category="E",
            net_minor=2_000,
            tax_minor=0,
            total_minor=2_000,
        ),
    )
    assert set(document.taxes) == {
        TaxSubtotal(tax_category="S", tax_rate_ppm=100_000, net_minor=2_500, tax_minor=250, total_minor=2_750),
        TaxSubtotal(tax_category="E", tax_rate_ppm=0, net_minor=2_000, tax_minor=0, total_minor=2_000),
    }
    assert (document.kind, document.issued_on, document.currency, document.prices_include_tax) == (
        "invoice",
        ISSUED_ON,
        "USD",
        False,
    )
    assert (document.net_minor, document.tax_minor, document.total_minor) == (4_500, 250, 4_750)
    assert (document.paid, document.order_number, document.livemode) == (PAID, order.number, False)
    assert document.order_url == f"https://shop.example.com/orders/{order.reference}/"


def test_it_names_the_seller_with_all_that_the_law_wants() -> None:
    expected = {"address_lines": SELLER["address"]} | {
        name: value for name, value in SELLER.items() if name not in {"address", "code"}
    }
    assert composed(place_order()).seller == Party(**expected)


def test_it_names_the_buyer_with_all_that_was_filled_in() -> None:
    customer = CUSTOMER | {"tax_id": "120-81-47521"}
    expected = {"address_lines": (customer["address"],)} | {
        name: value for name, value in customer.items() if name != "address"
    }
    assert composed(place_order(**customer)).buyer == Party(**expected)


def test_a_buyer_without_an_address_has_no_empty_line_of_it() -> None:
    assert buyer_of(place_order(address="", postal_code="", city="")).address_lines == ()


def test_a_rounding_is_told_where_stripe_charges_no_thousandths() -> None:
    order = place_order(lines=[item(unit_price_minor=5_123, quantity=1)], currency="KWD")
    document = composed(order)
    assert (document.rounding_minor, document.total_minor) == (-3, 5_120)


def test_real_money_is_told_from_tests(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_jumun"
    assert composed(place_order()).livemode


@pytest.mark.parametrize(
    ("language", "bilingual", "locale"),
    [
        ("ko", False, "ko"),
        ("ko-kr", True, "ko+en"),
        ("en-gb", False, "en"),
        ("en", True, "en+ko"),
        ("de", False, "en"),
    ],
)
def test_it_is_in_the_customers_language(settings: Any, language: str, bilingual: bool, locale: str) -> None:
    settings.JUMUN = {**settings.JUMUN, "INVOICE_BILINGUAL": bilingual}
    assert composed(place_order(language=language)).locale == locale


def test_what_is_not_paid_by_card_says_nothing_of_it() -> None:
    assert composed(place_order(), paid_by=None).paid is None


def test_the_lines_are_in_the_order_of_their_positions() -> None:
    order = place_order(lines=[item(name="Second"), item(name="First")])
    with append_only.lifted(connection):
        for name, position in [("Second", 9), ("First", 1), ("Second", 2)]:
            OrderLine.objects.filter(name=name).update(position=position)
    assert [line.description for line in composed(order).lines] == ["First", "Second"]
