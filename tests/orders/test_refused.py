"""What `Order.place` and `Order.correct` refuse, and as what they store the rest. Both databases must agree."""

import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from decimal import Decimal
from itertools import repeat
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils.functional import lazystr
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from jumun import text
from jumun.errors import AmountOutOfRange, EmptyOrder, OrderRefused, TooManyLines
from jumun.orders.customer_and_items import Customer, Item
from jumun.orders.models import Order, OrderLine
from tests.factories import CUSTOMER, item, pay, place_order

pytestmark = pytest.mark.django_db

CUSTOMER_REFUSED: list[tuple[str, object]] = [
    ("name", "가" * 201),
    ("name", "a\0b"),
    ("name", "\ud800"),
    *(("name", blank) for blank in ("", " ", "\u3164", "\u2800", "\u200b", "\u3000\t\r\n", "\u0301", "\u202e")),
    ("name", None),
    ("name", 7),
    ("name", b"Kim"),
    *(
        ("email", email)
        for email in (
            "",
            "not-an-email",
            "me@localhost",
            "me@com",
            "é@example.com",
            '"a b"@example.com',
            "a@b.co\0",
            None,
        )
    ),
    ("email", "a@" + "b." * 126 + "com"),
    ("country", "KOR"),
    ("country", "Germany"),
    ("country", "XX"),
    ("country", "EU"),
    ("country", ""),
    ("country", None),
    ("address", "가" * 301),
    ("address", "a\0"),
    ("address", None),
    ("postal_code", "1" * 21),
    ("postal_code", 4524),
    ("city", "가" * 101),
    ("phone", "010-1234-5678"),
    ("phone", "+82"),
    ("phone", "+0123456789"),
    ("phone", "+" + "1" * 16),
    ("phone", "call me"),
    ("tax_id", "123-45-67890"),
    ("tax_id", "\0"),
    ("tax_id", 1234567891),
]

LINE_REFUSED: list[tuple[str, object]] = [
    ("sku", "x" * 65),
    ("sku", ""),
    ("sku", "\u200b"),
    ("sku", "a\0b"),
    ("sku", None),
    ("name", "가" * 201),
    ("name", ""),
    ("name", "\u3164"),
    ("name", "\udfff"),
    ("name", None),
    *((amount, wrong) for amount in ("unit_price_minor", "quantity", "discount_minor", "tax_rate_ppm")
      for wrong in (Decimal(10), 10.0, "10", True, None, 10**100, -1)),
    ("quantity", 0),
    ("quantity", 2**31),
    ("unit_price_minor", 2**63),
    ("tax_rate_ppm", 19),
    ("tax_rate_ppm", 999),
    ("tax_rate_ppm", 1_000_001),
    ("tax_category", "X"),
    ("tax_category", "E"),
    ("tax_category", 7),
    ("tax_category", ["S"]),
]  # fmt: skip


@pytest.mark.parametrize(("field", "wrong"), CUSTOMER_REFUSED)
def test_a_customer_that_cannot_be_stored_is_refused_by_name(field: str, wrong: Any) -> None:
    with pytest.raises(OrderRefused, match=field) as refused:
        place_order(**{field: wrong})
    assert (refused.value.field, refused.value.position) == (field, None)
    assert not Order.objects.exists()


@pytest.mark.parametrize(("field", "wrong"), CUSTOMER_REFUSED)
def test_a_correction_is_held_to_the_same(field: str, wrong: Any) -> None:
    order = place_order()
    with pytest.raises(OrderRefused) as refused:
        order.correct(replace(order.customer, **{field: wrong}))
    assert refused.value.field == field
    order.refresh_from_db()
    assert asdict(order.customer) == CUSTOMER | {"tax_id": ""}


@pytest.mark.parametrize(("field", "wrong"), LINE_REFUSED)
def test_a_line_that_cannot_be_stored_is_refused_by_number_and_name(field: str, wrong: Any) -> None:
    with pytest.raises(OrderRefused, match=f"line 2, {field}") as refused:
        place_order(lines=[item(), item(**{field: wrong})])
    assert (refused.value.field, refused.value.position) == (field, 2)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("currency", "WON"),
        ("currency", 410),
        ("currency", "K\0W"),
        ("language", "korean"),
        ("language", "en_US"),
        ("language", "zh-hant-hk-x"),
        ("language", "k\0"),
        ("language", 1),
        ("form_token", ""),
        ("form_token", " a"),
        ("form_token", "a\0b"),
        ("form_token", "x" * 65),
        ("form_token", 7),
        ("discount_minor", -1),
        ("discount_minor", 1.5),
        ("discount_minor", Decimal(1)),
        ("discount_minor", True),
        ("discount_minor", 2**63),
        ("prices_include_tax", "no"),
        ("prices_include_tax", 0),
        ("customer", dict(CUSTOMER)),
        ("customer", None),
        ("lines", None),
        ("lines", item()),
        ("lines", [asdict(item())]),
        ("lines", "tea"),
        ("lines", {"tea": 1}),
    ],
)
def test_any_other_argument_is_refused_by_name(field: str, wrong: Any) -> None:
    arguments: dict[str, Any] = {"lines": [item()], "customer": Customer(**CUSTOMER)}
    with pytest.raises(OrderRefused, match=field) as refused:
        Order.place(**arguments | {field: wrong})
    assert refused.value.field == field
    assert not Order.objects.exists()


@pytest.mark.parametrize("field", ["unit_price_minor", "quantity", "tax_rate_ppm", "tax_category", "name"])
def test_a_number_too_long_to_be_printed_is_refused_by_name(field: str) -> None:
    with pytest.raises(OrderRefused) as refused:
        place_order(lines=[item(**{field: 10**5_000})])
    assert refused.value.field == field


def test_no_line_and_too_many_are_refused_even_where_they_never_end() -> None:
    with pytest.raises(EmptyOrder):
        Order.place(lines=iter(()), customer=Customer(**CUSTOMER))
    with pytest.raises(TooManyLines):
        Order.place(lines=repeat(item()), customer=Customer(**CUSTOMER))


def test_lines_may_come_one_by_one_and_name_an_article_twice() -> None:
    def lines() -> Iterator[Item]:
        yield item()
        yield item(quantity=3)

    order = Order.place(lines=lines(), customer=Customer(**CUSTOMER))
    assert [(line.position, line.sku, line.quantity) for line in order.lines.all()] == [
        (1, "CUP-1", 2),
        (2, "CUP-1", 3),
    ]


def test_a_percentage_written_for_a_rate_is_explained() -> None:
    with pytest.raises(AmountOutOfRange, match=r"10 % is 100_000: 19 is 0\.0019 %"):
        place_order(lines=[item(tax_rate_ppm=19)])


def test_a_price_that_the_database_could_not_multiply_is_refused() -> None:
    huge = item(unit_price_minor=2**62, quantity=4, discount_minor=2**63 - 1, tax_rate_ppm=0)
    with pytest.raises(AmountOutOfRange):
        place_order(lines=[huge])


def test_reverse_charge_needs_the_tax_identifier_for_good() -> None:
    untaxed = item(tax_rate_ppm=0, tax_category="AE")
    with pytest.raises(OrderRefused) as refused:
        place_order(lines=[untaxed])
    assert refused.value.field == "tax_id"
    order = place_order(lines=[untaxed], tax_id="123-45-67891")
    with pytest.raises(OrderRefused) as refused:
        order.correct(replace(order.customer, tax_id=""))
    assert refused.value.field == "tax_id"


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("name", unicodedata.normalize("NFD", "김하늘"), "김하늘"),
        ("name", "㈜하늘", "㈜하늘"),
        ("name", " 하늘\u3000", "하늘"),
        ("name", lazystr("하늘"), "하늘"),
        ("city", "\u200b", ""),
        ("address", "세종대로 110\r\n101호", "세종대로 110\n101호"),
        ("postal_code", "０４５２４", "04524"),
        ("country", "kr", "KR"),
        ("country", "XK", "XK"),
        ("phone", "+82 10-1234-5678", "+821012345678"),
        ("phone", "＋８２（１０）１２３４５６７８", "+821012345678"),
        ("phone", "", ""),
        ("email", "ｍｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "me@example.com"),
        ("email", "me@하늘.한국", "me@하늘.한국"),
        ("tax_id", "１２３－４５－６７８９１", "123-45-67891"),
    ],
)
def test_a_customer_is_stored_in_one_spelling(field: str, given: Any, stored: str) -> None:
    order = place_order(**{field: given})
    order.refresh_from_db()
    assert getattr(order, field) == stored
    other = place_order()
    assert other.correct(replace(other.customer, **{field: given}))
    assert getattr(other, field) == stored
    other.refresh_from_db()
    assert getattr(other, field) == stored


def test_a_line_is_stored_in_one_spelling() -> None:
    decomposed = unicodedata.normalize("NFD", "우전 녹차")
    line = place_order(lines=[item(name=f" {decomposed}", sku=decomposed)]).lines.get()
    assert (line.name, line.sku) == ("우전 녹차", "우전 녹차")


def test_texts_of_just_the_columns_length_are_stored() -> None:
    full = {"name": "가" * 200, "address": "나" * 300, "city": "다" * 100, "postal_code": "1" * 20}
    order = pay(place_order(**full, lines=[item(sku="라" * 64, name="마" * 200)]))
    assert {name: getattr(order, name) for name in full} == full


# Any text at all, and more of what is not usually typed than Hypothesis would choose by itself.
odd = st.text(st.sampled_from("\0\x01\t\n\r\x85 \xad\u0301\u115f\u200b\u200d\u2028\u202e\u3164\ud800\ufeff\uffff가a𝒜"))
texts = st.text(max_size=320) | odd | st.sampled_from(["me@example.com", "KR", "DE", "+821012345678"])
whole = st.integers(-1, 2**64) | st.integers(0, 10_000)
customers = st.builds(
    Customer,
    **{name: st.just(value) | texts for name, value in CUSTOMER.items()},
    tax_id=st.just("") | texts,
)
items = st.builds(
    Item,
    sku=st.just("CUP-1") | texts,
    name=st.just("백자 머그컵") | texts,
    unit_price_minor=st.just(5500) | whole,
    quantity=st.just(2) | whole,
    discount_minor=st.just(0) | whole,
    tax_rate_ppm=st.just(100_000) | whole,
    tax_category=st.none() | st.sampled_from(["S", "Z", "E", "AE"]) | texts,
)


class AnyTextIsPlacedOrRefused(TestCase):
    @given(
        customer=customers, lines=st.lists(items, max_size=3), currency=st.sampled_from(["KRW", "USD", "KWD"]) | texts
    )
    @example(customer=Customer(**CUSTOMER | {"name": "\U0001f469\u200d\U0001f467"}), lines=[item()], currency="krw")
    @example(customer=Customer(**CUSTOMER | {"tax_id": "²²²²²²²²²²"}), lines=[item()], currency="KRW")
    @example(customer=Customer(**CUSTOMER | {"country": "DE", "tax_id": "DE²²²²²²²²²"}), lines=[item()], currency="KRW")
    def test_what_is_placed_reads_back_as_it_was_returned(
        self, customer: Customer, lines: list[Item], currency: str
    ) -> None:
        try:
            order = Order.place(lines=lines, customer=customer, currency=currency)
        except OrderRefused:
            return
        stored = Order.objects.get(pk=order.pk)
        assert stored.customer == order.customer
        for field in fields(Customer):
            given_text, kept = getattr(customer, field.name), getattr(stored, field.name)
            assert text.normalized(kept, keep_lines=True) == kept
            if field.name in {"name", "city"}:
                assert kept == text.normalized(given_text)
        names = [line.name for line in OrderLine.objects.filter(order=stored).order_by("position")]
        assert names == [text.normalized(line.name) for line in lines]

    @given(customer=customers)
    def test_a_correction_too(self, customer: Customer) -> None:
        order = place_order()
        try:
            order.correct(customer)
        except OrderRefused:
            return
        assert Order.objects.get(pk=order.pk).customer == order.customer


@pytest.mark.parametrize("column", ["name", "email", "country"])
def test_the_database_refuses_an_order_without(column: str) -> None:
    order = place_order()
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**{column: ""})


@pytest.mark.parametrize("values", [{"sku": ""}, {"name": ""}, {"tax_rate_ppm": 1_000_001}])
def test_the_database_refuses_a_line_that_cannot_be(values: dict[str, Any]) -> None:
    line = place_order().lines.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.filter(pk=line.pk).update(**values)
