import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumun.money import MoneyError, allocate

pytestmark = pytest.mark.no_database

amounts = st.integers(-(10**15), 10**15)
weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=50).filter(any)


def test_what_cannot_be_split_evenly_goes_to_the_largest_remainders():
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]
    assert allocate(10, [6, 3, 3]) == [5, 3, 2]
    assert allocate(5, [0, 1]) == [0, 5]


@given(amounts, weights)
def test_the_parts_add_up_to_the_unit(amount_minor, weights):
    assert sum(allocate(amount_minor, weights)) == amount_minor


@given(amounts, weights)
def test_no_part_is_a_unit_away_from_its_share(amount_minor, weights):
    total = sum(weights)
    for part, weight in zip(allocate(amount_minor, weights), weights, strict=True):
        assert abs(part * total - amount_minor * weight) < total


@given(amounts, weights)
def test_a_refund_is_split_like_the_charge(amount_minor, weights):
    assert allocate(-amount_minor, weights) == [-part for part in allocate(amount_minor, weights)]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [2, -1]])
def test_an_amount_is_not_split_by_nothing(weights):
    with pytest.raises(MoneyError, match="weights"):
        allocate(100, weights)
