"""Money as integer minor units and an ISO 4217 code: exponents, Stripe's units, text, allocation, tax.

An amount is an `int` in the currency's minor unit (₩1,000 is 1000 KRW; $12.34 is 1234 USD; KWD 1.234 is 1234 KWD),
a rate is an `int` in parts per million (10 % is 100_000). No float is taken or given, and nothing is rounded
except tax, half away from zero. Currency codes are accepted in either case and returned in upper case.
"""

import copy
import functools
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from babel import Locale
from babel.numbers import (
    NumberFormatError,
    NumberPattern,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    list_currencies,
    parse_decimal,
)

from jumun import stripe_limits

ZERO_DECIMAL = frozenset(code.upper() for code in stripe_limits.ZERO_DECIMAL)
THREE_DECIMAL = frozenset(code.upper() for code in stripe_limits.THREE_DECIMAL)
WHOLE_IN_HUNDREDTHS = frozenset(code.upper() for code in stripe_limits.WHOLE_IN_HUNDREDTHS)

PPM = 1_000_000
AMOUNT_MINOR_MAX = 2**63 - 1  # what a BigIntegerField holds
TEXT_LENGTH_MAX = 64


class MoneyError(ValueError):
    """An amount, a currency or a text that cannot be taken without losing or inventing money."""


class TooManyDecimals(MoneyError):
    """The text has more decimals than the currency, even if they are zeros: "32.000" may mean 32,000."""


class AmbiguousGroup(MoneyError):
    """Digits are grouped and no decimals follow, in a currency with three of them: "1,234" KWD may mean 1.234."""


def currency_code(currency: str) -> str:
    """The upper-case ISO 4217 code. Raises `MoneyError` for a code that no country uses or used."""
    code = currency.strip().upper()
    if code not in _known_currencies():
        raise MoneyError(f"{currency!r} is not an ISO 4217 currency code.")
    return code


def exponent(currency: str) -> int:
    """How many decimals our minor unit has: 0, 2 or 3. ISK and UGX have 0 with us, though Stripe writes two."""
    code = currency_code(currency)
    if code in ZERO_DECIMAL or code in WHOLE_IN_HUNDREDTHS:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def to_stripe(amount_minor: int, currency: str) -> int:
    """Our minor units as the `amount` Stripe expects for a charge.

    Raises `MoneyError` for a three-decimal amount whose last digit is not 0: Stripe refuses it.
    """
    code = currency_code(currency)
    if amount_minor % charge_step_minor(code):
        raise MoneyError(f"{code} amounts must end in 0 to be charged by Stripe; {amount_minor} does not.")
    return amount_minor * 100 if code in WHOLE_IN_HUNDREDTHS else amount_minor


def charge_step_minor(currency: str) -> int:
    """The smallest difference between two amounts that Stripe charges or refunds."""
    return 10 if currency_code(currency) in THREE_DECIMAL else 1


def round_to_charge(amount_minor: int, currency: str) -> int:
    """The nearest amount that Stripe charges, half away from zero."""
    step = charge_step_minor(currency)
    return step * _divide_half_up(amount_minor, step)


def charge_min_minor(currency: str) -> int:
    """The smallest amount that can be charged. Raises `MoneyError` for a currency that Stripe does not take."""
    code = currency_code(currency)
    try:
        minimum = stripe_limits.MINIMUM[code.lower()]
    except KeyError:
        raise MoneyError(f"Stripe takes no payments in {code}.") from None
    return minimum // 100 if code in WHOLE_IN_HUNDREDTHS else minimum


def charge_max_minor(currency: str) -> int:
    """The largest amount that can be charged at once."""
    code = currency_code(currency)
    maximum = int("9" * stripe_limits.DIGITS_MAX.get(code.lower(), stripe_limits.DIGITS_MAX_ELSEWHERE))
    maximum = maximum // 100 if code in WHOLE_IN_HUNDREDTHS else maximum
    return maximum - maximum % charge_step_minor(code)


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's `amount` of a charge or a refund in our minor units.

    Raises `MoneyError` if that would lose a fraction, which what Stripe calculates by itself (a fee in ISK) can have.
    """
    code = currency_code(currency)
    if code not in WHOLE_IN_HUNDREDTHS:
        return amount
    whole, fraction = divmod(amount, 100)
    if fraction:
        raise MoneyError(f"{code} has no fractions, but Stripe's amount {amount} does not end in 00.")
    return whole


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """The amount in major units with exactly the currency's decimals: 1234 USD is Decimal('12.34')."""
    # Built from digits, not by arithmetic, so that no decimal context can round it.
    digits = tuple(int(digit) for digit in str(abs(amount_minor)))
    return Decimal((int(amount_minor < 0), digits, -exponent(currency)))


def to_text(amount_minor: int, currency: str, locale: str) -> str:
    """The amount as a number that `parse` reads in the same `locale`: "1234.50", in German "1234,50"."""
    return f"{to_decimal(amount_minor, currency):f}".replace(".", get_decimal_symbol(_locale(locale)))


def format(amount_minor: int, currency: str, locale: str) -> str:
    """The amount as people write it in `locale` ("ko", "en-us", ...): "₩1,000", "-$12.34".

    The decimals are those of our minor unit, always all of them. Raises Babel's `UnknownLocaleError`.
    """
    code = currency_code(currency)
    return _written(to_decimal(amount_minor, code), code, _locale(locale), decimals=exponent(code))


def stripe_scale(currency: str) -> int:
    """How many of Stripe's minor units one of ours is: 100 for ISK and UGX, else 1, also for an unknown currency.

    What Stripe reports, such as a fee of 186.40 ISK, need not be a whole number of ours: store it in Stripe's units.
    """
    return 100 if currency.upper() in WHOLE_IN_HUNDREDTHS else 1


def format_stripe(amount: int, currency: str, locale: str) -> str:
    """An amount in Stripe's minor units as people write it: 18640 is "ISK 186.40". Bare where nobody knows the code."""
    try:
        code = currency_code(currency)
    except MoneyError:
        return f"{amount} {currency}"
    if stripe_scale(code) == 1:
        return format(amount, code, locale)
    return _written(Decimal(amount).scaleb(-2), code, _locale(locale), decimals=2)


def parse(text: str, currency: str, locale: str) -> int:
    """The amount in minor units that a person wrote: "1,234.50", "₩1,000", "1000원", "-12 USD".

    Strict, so that no separator is read as another one's: thousands are grouped as the locale does or not at all.
    Full-width digits are read as digits. Raises `MoneyError`: `TooManyDecimals` for more decimals than the currency
    has, even zeros, and `AmbiguousGroup` for a group in a three-decimal currency without its decimals.
    """
    code = currency_code(currency)
    babel_locale = _locale(locale)
    number = _bare_number(text, code, babel_locale)
    whole, _, decimals = number.partition(get_decimal_symbol(babel_locale))
    if len(decimals) > exponent(code):
        raise TooManyDecimals(f"{text!r} has more decimals than {code} has ({exponent(code)}).")
    if exponent(code) == 3 and not decimals and get_group_symbol(babel_locale) in whole:
        raise AmbiguousGroup(f"{text!r} may mean thousands or decimals; {code} has three decimals.")
    try:
        value = parse_decimal(number, locale=babel_locale, strict=True)
    except NumberFormatError as error:
        raise MoneyError(f"{text!r} is not an amount: digits are not grouped as in {number!r}.") from error
    return _minor_units(value, code, text)


def allocate(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to `weights`, to the unit (largest remainder; the earlier part wins a tie).

    The parts have the amount's sign and add up to it. Raises `MoneyError` for a negative weight or
    if the weights add up to nothing.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0 or min(weights) < 0:
        raise MoneyError("An amount can only be split by weights that are not negative and not all zero.")
    sign = -1 if amount_minor < 0 else 1
    shares = [divmod(abs(amount_minor) * weight, weight_sum) for weight in weights]
    parts = [whole for whole, _ in shares]
    missing = abs(amount_minor) - sum(parts)
    by_remainder = sorted(range(len(shares)), key=lambda index: -shares[index][1])
    for index in by_remainder[:missing]:
        parts[index] += 1
    return [sign * part for part in parts]


def included_tax(gross_minor: int, rate_ppm: int) -> int:
    """The tax contained in a price that includes it: 11000 at 10 % contains 1000."""
    return _divide_half_up(gross_minor * _rate(rate_ppm), PPM + rate_ppm)


def part_of_tax(gross_minor: int, rate_ppm: int, *, left_minor: int, left_tax_minor: int) -> int:
    """The tax in a part of what is left of a sale: neither the part nor the rest is off by a unit or more.

    What the tax that is left is off, by roundings before, is halved between the two; all parts add up to the tax.
    """
    denominator = PPM + _rate(rate_ppm)
    off = left_tax_minor * denominator - left_minor * rate_ppm
    if gross_minor == left_minor:
        return left_tax_minor
    return _divide_half_up(2 * gross_minor * rate_ppm + off, 2 * denominator)


def tax_on(net_minor: int, rate_ppm: int) -> int:
    """The tax to be added to a price without it: 1000 on 10000 at 10 %."""
    return _divide_half_up(net_minor * _rate(rate_ppm), PPM)


def share_tax(tax_minor: int, amounts_minor: Sequence[int], rate_ppm: int, *, included: bool) -> list[int]:
    """Spread the tax of one rate, rounded once, over the amounts that bear it: each gets its own tax or a unit off.

    The amounts include the tax or do not. Raises `MoneyError` where it is not the tax on these amounts.
    """
    denominator = PPM + rate_ppm if included else PPM
    numerators = [amount_minor * _rate(rate_ppm) for amount_minor in amounts_minor]
    shares = [_divide_half_up(numerator, denominator) for numerator in numerators]
    missing = tax_minor - sum(shares)
    if abs(missing) > len(shares):
        raise MoneyError(f"{tax_minor} is not the tax at {rate_ppm} ppm.")
    unit = -1 if missing < 0 else 1
    # What rounding took most from (or gave most to) comes first; among equals the earlier.
    by_rounding = sorted(range(len(shares)), key=lambda i: unit * (shares[i] * denominator - numerators[i]))
    for index in by_rounding[: abs(missing)]:
        shares[index] += unit
    return shares


def _rate(rate_ppm: int) -> int:
    if rate_ppm < 0:
        raise MoneyError(f"A tax rate cannot be negative: {rate_ppm} ppm.")
    return rate_ppm


def _divide_half_up(numerator: int, denominator: int) -> int:
    # Half away from zero, so that a credit note's tax is exactly its invoice's with the other sign.
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -quotient if numerator < 0 else quotient


@functools.cache
def _known_currencies() -> frozenset[str]:
    return frozenset(list_currencies())


@functools.cache
def _locale(identifier: str) -> Locale:
    return Locale.parse(identifier.replace("-", "_"))


def _written(value: Decimal, code: str, locale: Locale, *, decimals: int) -> str:
    spaced = get_currency_symbol(code, locale)[-1].isalpha()
    pattern = _currency_pattern(locale, decimals, spaced)
    text: str = pattern.apply(value, locale, currency=code, currency_digits=False)
    return text


@functools.cache
def _currency_pattern(locale: Locale, decimals: int, spaced: bool) -> NumberPattern:
    pattern: NumberPattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (decimals, decimals)
    if spaced:
        # CLDR's "alphaNextToNumber" form, "KWD 1.000" and not "KWD1.000", which Babel does not apply.
        positive, negative = (re.sub("¤$", "¤\N{NO-BREAK SPACE}", prefix) for prefix in pattern.prefix)
        pattern.prefix = (positive, negative)
    return pattern


def _bare_number(text: str, code: str, locale: Locale) -> str:
    """`text` without currency mark and spaces, in ASCII digits with the locale's separators and a leading minus."""
    if len(text) > TEXT_LENGTH_MAX:
        raise MoneyError(f"An amount has at most {TEXT_LENGTH_MAX} characters.")
    if any(unicodedata.category(character) == "No" for character in text):  # NFKC would read "3²" as 32
        raise MoneyError(f"{text!r} is not an amount in {code}: it holds a digit that is not on the line.")
    bare = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    bare = _without_currency_mark(bare.strip(), code, locale)
    decimal, group = get_decimal_symbol(locale), get_group_symbol(locale)
    if group.isspace():  # French groups with a narrow no-break space, which nobody can type
        bare = bare.replace(" ", group)
    # parse_decimal alone would also take "1e5", "NaN" and "1_000".
    number = rf"-?[0-9]+(?:{re.escape(group)}[0-9]+)*(?:{re.escape(decimal)}[0-9]+)?"
    if re.fullmatch(number, bare) is None:
        raise MoneyError(f"{text!r} is not an amount in {code}; write it like {format(1234567, code, str(locale))}.")
    return bare


def _without_currency_mark(text: str, code: str, locale: Locale) -> str:
    marks = {code, get_currency_symbol(code, locale), get_currency_symbol(code, "en")}
    if code == "KRW":
        marks.add("원")
    for mark in sorted(marks, key=len, reverse=True):
        sign, rest = ("-", text[1:].lstrip()) if text.startswith("-") else ("", text)
        if rest.upper().startswith(mark):
            return sign + rest[len(mark) :].lstrip()
        if rest.upper().endswith(mark):
            return sign + rest[: -len(mark)].rstrip()
    return text


def _minor_units(value: Decimal, code: str, text: str) -> int:
    amount_minor = int(value.scaleb(exponent(code)))
    if abs(amount_minor) > AMOUNT_MINOR_MAX:
        raise MoneyError(f"{text!r} is too large.")
    return amount_minor
