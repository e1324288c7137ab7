import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumun import money

pytestmark = pytest.mark.no_database

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("amount_minor", "currency", "locale", "text"),
    [
        (1000, "krw", "ko", "₩1,000"),
        (-1234567, "KRW", "ko", "-₩1,234,567"),
        (0, "KRW", "en", "₩0"),
        (123450, "USD", "en", "$1,234.50"),
        (123450, "USD", "ko", "US$1,234.50"),
        (-5, "USD", "en-us", "-$0.05"),
        (1234, "KWD", "en", f"KWD{NBSP}1.234"),
        (1000, "ISK", "en", f"ISK{NBSP}1,000"),
        (105000, "TWD", "ko", "NT$1,050.00"),
        (9_007_199_254_740_993_01, "USD", "en", "$9,007,199,254,740,993.01"),
    ],
)
def test_amounts_are_written_as_people_write_them(amount_minor, currency, locale, text):
    assert money.format(amount_minor, currency, locale) == text


@pytest.mark.parametrize(
    ("text", "currency", "locale", "amount_minor"),
    [
        ("1,234.50", "USD", "en", 123450),
        ("1234.5", "USD", "en", 123450),
        ("$-12.30", "USD", "en", -1230),
        ("-$12.30", "USD", "en", -1230),
        ("−12", "USD", "en", -1200),
        ("12 usd", "USD", "en", 1200),
        ("₩1,000", "krw", "ko", 1000),
        ("￦１，０００", "KRW", "ko", 1000),
        ("1,000원", "KRW", "ko", 1000),
        ("32000", "KRW", "ko", 32_000),
        ("32.000", "KRW", "de", 32_000),
        ("1.234", "KWD", "en", 1234),
        ("1,234.000", "KWD", "en", 1_234_000),
        ("1,234", "KWD", "de", 1234),
        ("1234", "KWD", "en", 1_234_000),
        ("1.234", "EUR", "de", 123_400),
        ("5 000", "KRW", "fr", 5_000),
        ("5\N{NO-BREAK SPACE}000", "KRW", "fr", 5_000),
        ("1.234,50 €", "EUR", "de", 123450),
        ("1 234,50", "EUR", "fr", 123450),
    ],
)
def test_amounts_are_read_as_people_write_them(text, currency, locale, amount_minor):
    assert money.parse(text, currency, locale) == amount_minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "abc",
        "1e5",
        "NaN",
        "Infinity",
        "1_000",
        "1,5",
        "1,234,5",
        "1.2.3",
        "1.",
        ".5",
        "--1",
        "(5)",
        "₩5",
        "€5",
    ],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(money.MoneyError, match="is not an amount"):
        money.parse(text, "USD", "en")


@pytest.mark.parametrize(
    ("text", "currency", "locale"),
    [
        ("1.5", "KRW", "en"),
        ("0.5", "ISK", "en"),
        ("12.345", "USD", "en"),
        ("1.2345", "KWD", "en"),
        # Zeros as well: whoever writes so means thousands, or another currency.
        ("32.000", "KRW", "ko"),
        ("5.000", "KRW", "en"),
        ("5.000원", "KRW", "ko"),
        ("５．０００", "KRW", "ko"),
        ("1,000.00", "KRW", "ko"),
        ("32,000", "KRW", "de"),
        ("32,000", "KRW", "fr"),
        ("1.000", "JPY", "en"),
        ("1.000", "ISK", "en"),
        ("5.000", "USD", "ko"),
        ("1,000", "EUR", "de"),
        ("1.0000", "KWD", "en"),
    ],
)
def test_more_decimals_than_the_currency_has_are_refused(text, currency, locale):
    with pytest.raises(money.TooManyDecimals, match="more decimals"):
        money.parse(text, currency, locale)


@pytest.mark.parametrize(("text", "locale"), [("1,234", "en"), ("1,000", "ko"), ("1.234", "de"), ("1 234", "fr")])
def test_a_group_that_may_be_three_decimals_is_refused(text, locale):
    with pytest.raises(money.AmbiguousGroup):
        money.parse(text, "KWD", locale)


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("$5", "ko"),
        ("US$5", "en"),
        ("¥500", "ja"),
        ("5 USD", "en"),
        ("1 000", "ko"),
        ("1'000", "en"),
        ("1.000", "fr"),
        ("32.000.000", "ko"),
        ("32,000.", "ko"),
        ("32,00", "ko"),
        ("0,500", "en"),
        ("٣٢٬٠٠٠", "ar"),
        ("٣٢٫٠٠٠", "ar"),
        ("32٫000", "ko"),
        ("32。000", "ko"),
        ("3²", "ko"),
        ("①", "ko"),
        ("3만", "ko"),
        ("1e3", "ko"),
    ],
)
def test_won_written_in_another_way_are_refused_and_never_a_thousandth(text, locale):
    with pytest.raises(money.MoneyError):
        money.parse(text, "KRW", locale)


@given(
    st.integers(0, 10**9),
    st.sampled_from(["KRW", "JPY", "USD", "ISK", "KWD"]),
    st.sampled_from(["ko", "en", "de", "fr", "ar", "de-CH", "hi"]),
    st.sampled_from([".", ",", " ", "\N{NARROW NO-BREAK SPACE}", "'", "’", "٫", "٬"]),
)
def test_thousands_in_any_separator_are_read_as_thousands_or_refused(thousands, currency, locale, separator):
    whole = f"{thousands}{separator}000"
    with contextlib.suppress(money.MoneyError):
        minor = money.parse(whole, currency, locale)
        # "5.000" in a three-decimal currency of a locale with a point is what it says: 5.
        decimals = currency == "KWD" and separator == money.to_text(1, "KWD", locale)[1]
        assert minor == thousands * (1 if decimals else 1000) * 10 ** money.exponent(currency)


@given(
    st.integers(-money.AMOUNT_MINOR_MAX, money.AMOUNT_MINOR_MAX),
    st.sampled_from(["KRW", "JPY", "USD", "EUR", "ISK", "KWD"]),
    st.sampled_from(["ko", "en", "de", "fr", "ar", "de-CH", "hi"]),
)
def test_a_number_in_a_field_is_read_back(amount_minor, currency, locale):
    assert money.parse(money.to_text(amount_minor, currency, locale), currency, locale) == amount_minor


@pytest.mark.parametrize("text", ["9" * 19, "9" * 1000])
def test_an_amount_no_database_holds_is_refused(text):
    with pytest.raises(money.MoneyError):
        money.parse(text, "USD", "en")


@given(
    st.integers(-money.AMOUNT_MINOR_MAX, money.AMOUNT_MINOR_MAX),
    st.sampled_from(["KRW", "JPY", "USD", "EUR", "ISK", "KWD"]),
    st.sampled_from(["ko", "en", "de", "fr", "hi"]),
)
def test_every_amount_written_is_read_back(amount_minor, currency, locale):
    assert money.parse(money.format(amount_minor, currency, locale), currency, locale) == amount_minor


@given(st.text())
def test_no_text_does_worse_than_a_money_error(text):
    with contextlib.suppress(money.MoneyError):
        assert isinstance(money.parse(text, "USD", "en"), int)


def test_decimals_are_exact():
    assert str(money.to_decimal(1200, "USD")) == "12.00"
    assert str(money.to_decimal(-5, "KWD")) == "-0.005"
    assert money.to_decimal(10**40 + 1, "KRW") == Decimal(10**40 + 1)
