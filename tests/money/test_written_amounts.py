"""Amounts as people write and read them, where the currency, its mark or the locale is an unusual one."""

import pytest

from jumun.money import MoneyError, currency_code, format, format_stripe, parse, stripe_scale

pytestmark = pytest.mark.no_database

NBSP = "\N{NO-BREAK SPACE}"


def test_a_code_may_be_written_with_spaces_and_in_small_letters() -> None:
    assert currency_code(" krw ") == "KRW"


def test_all_decimals_of_our_minor_unit_are_shown() -> None:
    # CLDR shows none of the Lebanese pound.
    assert format(12_345, "LBP", "en") == f"LBP{NBSP}123.45"


def test_a_negative_amount_keeps_the_space_behind_its_code() -> None:
    assert format(-1_234, "KWD", "en") == f"-KWD{NBSP}1.234"


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (18_640, "isk", "en", f"ISK{NBSP}186.40"),
        (-5, "UGX", "en", f"-UGX{NBSP}0.05"),
        (1_000, "krw", "ko", "₩1,000"),
        (1_234, "cad", "en", "CA$12.34"),
        (5, "zzz", "en", "5 zzz"),
    ],
)
def test_what_stripe_reports_is_written_in_full(amount: int, currency: str, locale: str, text: str) -> None:
    assert format_stripe(amount, currency, locale) == text


def test_stripe_counts_two_currencies_in_hundredths_of_our_unit() -> None:
    assert [stripe_scale(code) for code in ("isk", "UGX", "krw", "USD", "zzz")] == [100, 100, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "currency", "locale", "amount_minor"),
    [
        (" 1000 ", "KRW", "ko", 1_000),
        ("0" * 63 + "1", "KRW", "ko", 1),
        # The locale's own mark, that which is written everywhere, and marks that end in another one.
        ("US$12.34", "USD", "ko", 1_234),
        ("$12.34", "USD", "ko", 1_234),
        ("12.34 US$", "USD", "ko", 1_234),
        ("12.34 CN¥", "CNY", "zh", 1_234),
        ("krw 1000", "KRW", "ko", 1_000),
        ("1000 krw", "KRW", "ko", 1_000),
        ("- ₩1,000", "KRW", "ko", -1_000),
        # What a column of the database holds.
        (str(2**63 - 1), "KRW", "ko", 2**63 - 1),
        (str(1 - 2**63), "KRW", "ko", 1 - 2**63),
    ],
)
def test_an_amount_is_read_with_any_of_its_marks(text: str, currency: str, locale: str, amount_minor: int) -> None:
    assert parse(text, currency, locale) == amount_minor


@pytest.mark.parametrize(
    ("text", "currency", "locale"),
    [
        ("0" * 64 + "1", "KRW", "ko"),
        ("1 000", "KRW", "en"),
        ("100원", "USD", "ko"),
        (str(2**63), "KRW", "ko"),
        (str(-(2**63)), "KRW", "ko"),
    ],
)
def test_what_is_no_amount_is_not_read_as_one(text: str, currency: str, locale: str) -> None:
    with pytest.raises(MoneyError):
        parse(text, currency, locale)
