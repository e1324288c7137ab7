from decimal import Decimal
from pathlib import Path

import pytest

from jumun import money, stripe_limits
from paywright.api.errors import ApiError
from paywright.money import currencies
from paywright.money import stripe_limits as sandbox_limits

pytestmark = pytest.mark.no_database

CURRENCIES = sorted(stripe_limits.MINIMUM)


def test_the_store_and_the_sandbox_have_the_same_table():
    store, sandbox = (Path(module.__file__ or "").read_bytes() for module in (stripe_limits, sandbox_limits))
    assert store == sandbox


@pytest.mark.parametrize(
    ("currency", "minimum_minor"), [("KRW", 770), ("USD", 50), ("JPY", 50), ("ISK", 76), ("KWD", 170), ("IDR", 880_000)]
)
def test_the_smallest_amount_that_is_charged(currency, minimum_minor):
    assert money.charge_min_minor(currency) == minimum_minor


@pytest.mark.parametrize(
    ("currency", "maximum_minor"),
    [("KRW", 99_999_999), ("IDR", 999_999_999_999), ("INR", 999_999_999), ("ISK", 999_999), ("KWD", 99_999_990)],
)
def test_the_largest_amount_that_is_charged_at_once(currency, maximum_minor):
    assert money.charge_max_minor(currency) == maximum_minor


@pytest.mark.parametrize("currency", CURRENCIES)
def test_the_sandbox_charges_what_the_store_takes_and_no_more(currency):
    step = money.charge_step_minor(currency)
    for amount_minor in (money.charge_min_minor(currency), money.charge_max_minor(currency)):
        currencies.check_amount(money.to_stripe(amount_minor, currency), currency, "amount")
    above = money.to_stripe(money.charge_max_minor(currency) + step, currency)
    with pytest.raises(ApiError, match="must be"):
        currencies.check_amount(above, currency, "amount")


@pytest.mark.parametrize("currency", sorted(stripe_limits.DERIVED_MINIMUM))
def test_a_minimum_of_ours_is_half_a_dollar_and_a_tenth(currency):
    amount = Decimal(stripe_limits.DERIVED_MINIMUM[currency]).scaleb(-currencies.exponent(currency))
    dollars = amount / currencies.UNITS_PER_USD[currency]
    # Two significant digits, rounded up, and then to what can be charged.
    assert Decimal("0.55") <= dollars <= Decimal("0.62")


def test_a_currency_that_stripe_does_not_take_has_no_minimum():
    with pytest.raises(money.MoneyError, match="takes no payments in KPW"):
        money.charge_min_minor("KPW")


@pytest.mark.parametrize(
    ("amount_minor", "currency", "charged_minor"),
    [
        (1_294, "KWD", 1_290),
        (1_295, "KWD", 1_300),
        (1_300, "KWD", 1_300),
        (-1_295, "KWD", -1_300),
        (1_295, "USD", 1_295),
    ],
)
def test_an_amount_is_rounded_half_up_to_what_stripe_charges(amount_minor, currency, charged_minor):
    assert money.round_to_charge(amount_minor, currency) == charged_minor
