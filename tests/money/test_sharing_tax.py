"""The tax of one rate, spread over the lines that bear it, and over the parts of what is given back."""

import pytest

from jumun.money import MoneyError, part_of_tax, share_tax

pytestmark = pytest.mark.no_database

TEN_PERCENT = 100_000


@pytest.mark.parametrize(
    ("tax_minor", "amounts_minor", "shares"),
    [
        (1_500, [11_000, 5_500], [1_000, 500]),
        (1, [5, 5, 5], [1, 0, 0]),
        (2, [5, 5, 5, 5, 5], [1, 1, 0, 0, 0]),
        (2, [6, 6, 6], [0, 1, 1]),
        # The line from which rounding took most gets the unit, and the one to which it gave most loses it.
        (1, [4, 5, 5], [0, 1, 0]),
        (2, [8, 6, 7], [1, 0, 1]),
        (2, [13, 5, 5], [1, 1, 0]),
        # As far off as one unit for each line, as an order written by another program may be.
        (2, [11], [2]),
        (0, [11], [0]),
    ],
)
def test_tax_in_the_amounts_is_shared_to_the_unit(tax_minor: int, amounts_minor: list[int], shares: list[int]) -> None:
    assert share_tax(tax_minor, amounts_minor, TEN_PERCENT, included=True) == shares


def test_tax_on_the_amounts_is_shared_to_the_unit() -> None:
    assert share_tax(1_500, [10_000, 5_000], TEN_PERCENT, included=False) == [1_000, 500]
    assert share_tax(1, [4, 4, 4], TEN_PERCENT, included=False) == [1, 0, 0]


@pytest.mark.parametrize("tax_minor", [3, -1])
def test_what_is_not_the_tax_on_the_amounts_is_refused(tax_minor: int) -> None:
    with pytest.raises(MoneyError):
        share_tax(tax_minor, [11], TEN_PERCENT, included=True)


def test_the_last_part_takes_all_the_tax_that_is_left() -> None:
    assert part_of_tax(100, 0, left_minor=100, left_tax_minor=3) == 3
