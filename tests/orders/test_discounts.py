"""What is taken off an order is at most what each line, and the whole, costs."""

import pytest

from jumun.errors import AmountOutOfRange, AmountTooLarge
from jumun.orders.models import Order
from jumun.orders.totals import amounts_of
from tests.factories import item, place_order


def test_a_line_cannot_cost_less_than_nothing_whatever_the_others_cost() -> None:
    lines = [
        item(sku="A", unit_price_minor=1_000, quantity=1, discount_minor=2_000),
        item(sku="B", unit_price_minor=5_000, quantity=1),
    ]
    with pytest.raises(AmountOutOfRange):
        amounts_of(lines, "KRW")


def test_a_line_may_be_given_away() -> None:
    lines = [
        item(sku="A", unit_price_minor=1_000, quantity=1, discount_minor=1_000),
        item(sku="B", unit_price_minor=5_000, quantity=1),
    ]
    assert [line.total_minor for line in amounts_of(lines, "KRW")] == [0, 5_000]


def test_a_discount_is_at_most_what_there_is_to_pay() -> None:
    lines = [item(unit_price_minor=1_000, quantity=2)]
    assert [line.total_minor for line in amounts_of(lines, "KRW", discount_minor=2_000)] == [0]
    for discount_minor in (2_001, -1):
        with pytest.raises(AmountOutOfRange):
            amounts_of(lines, "KRW", discount_minor=discount_minor)


@pytest.mark.parametrize(
    ("prices_minor", "shares_minor"),
    [([1_000, 2_000], [30, 70]), ([1_001, 2_000], [33, 67]), ([1_000, 2_001], [33, 67])],
)
def test_shares_of_a_discount_are_amounts_that_stripe_charges_if_the_prices_are(
    prices_minor: list[int], shares_minor: list[int]
) -> None:
    lines = [item(unit_price_minor=price, quantity=1) for price in prices_minor]
    assert [line.discount_minor for line in amounts_of(lines, "KWD", discount_minor=100)] == shares_minor


@pytest.mark.django_db
def test_whole_units_of_stripes_hundredths_reach_stripes_maximum() -> None:
    assert place_order(lines=[item(unit_price_minor=999_999, quantity=1)], currency="ISK").total_minor == 999_999
    with pytest.raises(AmountTooLarge):
        place_order(lines=[item(unit_price_minor=1_000_000, quantity=1)], currency="ISK")
    assert Order.objects.count() == 1
