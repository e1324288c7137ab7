from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumun.money import MoneyError, included_tax, part_of_tax, tax_on

pytestmark = pytest.mark.no_database

amounts = st.integers(-(10**15), 10**15)
rates = st.integers(0, 1_000_000)


def test_korean_vat_is_an_eleventh_of_the_price_that_includes_it():
    assert included_tax(11_000, 100_000) == 1_000
    assert included_tax(10_000, 100_000) == 909
    assert tax_on(10_000, 100_000) == 1_000


def test_half_a_unit_is_rounded_up_in_both_directions():
    assert tax_on(5, 100_000) == 1
    assert tax_on(-5, 100_000) == -1
    assert tax_on(4, 100_000) == 0
    assert included_tax(3, 200_000) == 1
    assert included_tax(-3, 200_000) == -1


def test_exempt_is_no_tax():
    assert included_tax(9_999, 0) == tax_on(9_999, 0) == 0


@given(amounts, rates)
def test_a_credit_has_the_tax_of_its_charge(amount_minor, rate_ppm):
    assert included_tax(-amount_minor, rate_ppm) == -included_tax(amount_minor, rate_ppm)
    assert tax_on(-amount_minor, rate_ppm) == -tax_on(amount_minor, rate_ppm)


@given(amounts, rates)
def test_tax_added_is_the_tax_included(net_minor, rate_ppm):
    tax_minor = tax_on(net_minor, rate_ppm)
    assert included_tax(net_minor + tax_minor, rate_ppm) == tax_minor


def test_a_negative_rate_is_refused():
    with pytest.raises(MoneyError, match="cannot be negative"):
        included_tax(100, -1)
    with pytest.raises(MoneyError, match="cannot be negative"):
        tax_on(100, -1)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=6), st.integers(0, 300_000))
def test_parts_of_a_sale_add_up_to_its_tax_and_none_is_off_by_a_unit(parts, rate_ppm):
    left_minor = sum(parts)
    left_tax_minor = included_tax(left_minor, rate_ppm)
    for gross_minor in parts:
        tax_minor = part_of_tax(gross_minor, rate_ppm, left_minor=left_minor, left_tax_minor=left_tax_minor)
        assert abs(tax_minor - Fraction(gross_minor * rate_ppm, 1_000_000 + rate_ppm)) < 1
        left_minor, left_tax_minor = left_minor - gross_minor, left_tax_minor - tax_minor
    assert (left_minor, left_tax_minor) == (0, 0)
