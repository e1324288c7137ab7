import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumun import money

pytestmark = pytest.mark.no_database

CURRENCIES = ["KRW", "JPY", "USD", "EUR", "HUF", "TWD", "ISK", "UGX", "KWD", "BHD"]
amounts = st.integers(-(2**62), 2**62)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("KRW", 0), ("JPY", 0), ("MGA", 0), ("ISK", 0), ("UGX", 0), ("USD", 2), ("HUF", 2), ("TWD", 2), ("KWD", 3)],
)
def test_the_minor_unit_follows_stripes_tables(currency, decimals):
    assert money.exponent(currency) == decimals
    assert money.exponent(currency.lower()) == decimals


@pytest.mark.parametrize("code", ["", "US", "USDX", "ABC", "원", "$"])
def test_an_unknown_currency_is_refused(code):
    with pytest.raises(money.MoneyError, match="not an ISO 4217"):
        money.exponent(code)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "stripe"),
    [
        (1000, "krw", 1000),
        (1234, "USD", 1234),
        (5, "ISK", 500),
        (5, "UGX", 500),
        (5120, "KWD", 5120),
        (1050, "HUF", 1050),
    ],
)
def test_amounts_are_sent_in_stripes_units(amount_minor, currency, stripe):
    assert money.to_stripe(amount_minor, currency) == stripe
    assert money.from_stripe(stripe, currency) == amount_minor


def test_a_three_decimal_amount_stripe_would_refuse_is_refused_first():
    with pytest.raises(money.MoneyError, match="must end in 0"):
        money.to_stripe(5124, "KWD")


def test_a_fraction_of_a_whole_currency_is_not_dropped():
    with pytest.raises(money.MoneyError, match="does not end in 00"):
        money.from_stripe(550, "isk")


@given(amounts, st.sampled_from(CURRENCIES))
def test_what_stripe_gets_comes_back_unchanged(amount_minor, currency):
    sendable = amount_minor * 10 if currency in money.THREE_DECIMAL else amount_minor
    assert money.from_stripe(money.to_stripe(sendable, currency), currency.lower()) == sendable
