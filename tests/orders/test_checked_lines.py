"""What a line may hold, at its limits."""

from typing import Any

import pytest

from jumun.errors import AmountOutOfRange, EmptyOrder, OrderRefused, TooManyLines
from jumun.orders.checked import checked_currency, checked_discount, checked_lines
from jumun.orders.customer_and_items import Customer, Item
from jumun.orders.models import OrderLine
from tests.factories import CUSTOMER, item

BIGINT_MAX = 2**63 - 1
INTEGER_MAX = 2**31 - 1


def checked(*lines: Item, **customer: str) -> list[Item]:
    return checked_lines(lines, Customer(**CUSTOMER | customer), OrderLine)


def test_an_order_has_from_one_to_a_hundred_lines() -> None:
    assert len(checked(*[item()] * 100)) == 100
    with pytest.raises(TooManyLines):
        checked(*[item()] * 101)
    with pytest.raises(EmptyOrder):
        checked()


@pytest.mark.parametrize(
    "values",
    [
        {"unit_price_minor": BIGINT_MAX, "quantity": 1},
        {"unit_price_minor": 0, "quantity": INTEGER_MAX},
        {"discount_minor": BIGINT_MAX},
        {"tax_rate_ppm": 1_000},
        {"tax_rate_ppm": 1_000_000},
        {"tax_rate_ppm": 0},
    ],
)
def test_a_line_holds_what_its_columns_hold(values: dict[str, Any]) -> None:
    assert checked(item(**values)) == [item(**values)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"unit_price_minor": BIGINT_MAX + 1, "quantity": 1}, "unit_price_minor"),
        ({"unit_price_minor": -1}, "unit_price_minor"),
        ({"unit_price_minor": BIGINT_MAX // 2 + 1, "quantity": 2}, "unit_price_minor"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": INTEGER_MAX + 1, "unit_price_minor": 0}, "quantity"),
        ({"discount_minor": BIGINT_MAX + 1}, "discount_minor"),
        ({"discount_minor": -1}, "discount_minor"),
        ({"tax_rate_ppm": 999}, "tax_rate_ppm"),
        ({"tax_rate_ppm": 1}, "tax_rate_ppm"),
        ({"tax_rate_ppm": 1_000_001}, "tax_rate_ppm"),
        ({"tax_rate_ppm": -1}, "tax_rate_ppm"),
    ],
)
def test_what_is_beyond_is_refused_by_the_number_of_its_line_and_its_name(values: dict[str, Any], field: str) -> None:
    with pytest.raises(AmountOutOfRange) as refusal:
        checked(item(), item(**values))
    assert (refusal.value.field, refusal.value.position) == (field, 2)


@pytest.mark.parametrize(
    ("category", "rate_ppm", "is_right"),
    [
        ("S", 100_000, True),
        ("S", 0, False),
        ("Z", 0, True),
        ("Z", 100_000, False),
        ("E", 0, True),
        ("AE", 0, True),
        ("X", 0, False),
        ("X", 100_000, False),
        (None, 0, True),
        (None, 100_000, True),
    ],
)
def test_a_category_goes_with_its_rate(category: str | None, rate_ppm: int, is_right: bool) -> None:
    line = item(tax_rate_ppm=rate_ppm, tax_category=category)
    if is_right:
        assert checked(line, tax_id="120-81-47521") == [line]
    else:
        with pytest.raises(OrderRefused) as refusal:
            checked(line, tax_id="120-81-47521")
        assert (refusal.value.field, refusal.value.position) == ("tax_category", 1)


def test_reverse_charge_needs_the_customers_tax_identifier() -> None:
    with pytest.raises(OrderRefused) as refusal:
        checked(item(tax_rate_ppm=0, tax_category="AE"))
    assert refusal.value.field == "tax_id"


def test_a_discount_on_the_order_is_a_whole_number() -> None:
    assert [checked_discount(value) for value in (0, BIGINT_MAX)] == [0, BIGINT_MAX]
    for wrong in (-1, BIGINT_MAX + 1, True, 1.0):
        with pytest.raises(OrderRefused) as refusal:
            checked_discount(wrong)
        assert refusal.value.field == "discount_minor"


def test_a_refusal_shows_the_beginning_of_a_text_and_of_others_the_kind() -> None:
    with pytest.raises(OrderRefused, match="not '" + "X" * 20 + "'$"):
        checked_currency("X" * 50)
    with pytest.raises(OrderRefused, match="not NoneType"):
        checked_lines(None, Customer(**CUSTOMER), OrderLine)
