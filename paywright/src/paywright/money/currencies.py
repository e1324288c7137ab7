"""Currency rules of Stripe's API (https://docs.stripe.com/currencies).

Amounts are integers in Stripe's minor unit, which for a few currencies is not ISO's. The limits are in
``stripe_limits``.
"""

from decimal import Decimal

from paywright.api.errors import ApiError, invalid_request
from paywright.money.stripe_limits import (
    DIGITS_MAX,
    DIGITS_MAX_ELSEWHERE,
    MINIMUM,
    PUBLISHED_MINIMUM,
    THREE_DECIMAL,
    WHOLE_IN_HUNDREDTHS,
    ZERO_DECIMAL,
)

PAYOUT_STEP = {"huf": 100, "twd": 100}
"""Charged with two decimals, paid out in whole units."""

SUPPORTED = frozenset(MINIMUM)
"""Presentment currencies (unverified: docs/fidelity.md)."""

_RATES = """
aed 3.67 afn 70 all 90 amd 390 ang 1.8 aoa 910 ars 1000 awg 1.8 azn 1.7 bam 1.8 bbd 2 bdt 120 bgn 1.8 bhd 0.376 bif 2950
bmd 1 bnd 1.3 bob 6.9 brl 5.6 bsd 1 bwp 13.5 byn 3.3 bzd 2 cdf 2850 clp 950 cny 7.2 cop 4200 crc 510 cve 102 czk 23
djf 178 dkk 6.9 dop 60 dzd 134 egp 50 etb 125 fjd 2.3 fkp 0.8 gel 2.7 gip 0.8 gmd 70 gnf 8600 gtq 7.7 gyd 209 hkd 7.8
hnl 25 htg 131 huf 370 idr 16000 ils 3.7 inr 84 isk 138 jmd 158 jod 0.709 jpy 150 kes 129 kgs 87 khr 4050 kmf 455
krw 1400 kwd 0.307 kyd 0.83 kzt 500 lak 21800 lbp 89500 lkr 295 lrd 190 lsl 18 mad 10 mdl 18 mga 4600 mkd 57 mmk 2100
mnt 3400 mop 8 mur 46 mvr 15.4 mwk 1735 mxn 18 myr 4.4 mzn 64 nad 18 ngn 1600 nio 36.8 nok 10.7 npr 134 omr 0.385 pab 1
pen 3.8 pgk 4 php 58 pkr 278 pln 4 pyg 7600 qar 3.64 ron 4.6 rsd 108 rub 97 rwf 1380 sar 3.75 sbd 8.4 scr 14 sek 10.5
shp 0.8 sle 22.7 sos 570 srd 35 std 22500 szl 18 thb 34 tjs 10.7 tnd 3.1 top 2.4 try 35 ttd 6.8 twd 32 tzs 2600 uah 41
ugx 3700 uyu 42 uzs 12800 vnd 25400 vuv 119 wst 2.8 xaf 605 xcd 2.7 xof 605 xpf 110 yer 250 zar 18 zmw 27
""".split()
UNITS_PER_USD = {code: Decimal(rate) for code, rate in zip(_RATES[::2], _RATES[1::2], strict=True)}
"""Fixed, round stand-ins for a day's rates: to hold a charge without a published minimum to 50 cents' worth, and for
the fixed part of a fee. Not in it: the dollar, and what is about as much (eur, gbp, aud, cad, chf, nzd, sgd)."""

USD_MINIMUM = Decimal("0.50")


def exponent(currency: str) -> int:
    """Digits after the point in Stripe's minor unit."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def check_currency(currency: str, param: str) -> str:
    """Return the lower-case code; raise for one that Stripe does not take."""
    code = currency.lower()
    if code not in SUPPORTED:
        raise invalid_request(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {', '.join(sorted(SUPPORTED))}",
            param=param,
        )
    return code


def check_amount(amount: int, currency: str, param: str) -> None:
    """Raise ApiError when an amount to be charged breaks a rule of its currency."""
    most = amount_max(currency)
    if amount > most:
        raise invalid_request(
            f"Amount must be no more than {display(most, currency)}", code="amount_too_large", param=param
        )
    check_fraction(amount, currency, param)
    least = PUBLISHED_MINIMUM.get(currency)
    if least is not None:
        if amount < least:
            raise _too_small(f"Amount must be at least {display(least, currency)}", param)
        return
    worth = _major(amount, currency) / UNITS_PER_USD[currency]
    if worth < USD_MINIMUM:
        dollars = worth.quantize(Decimal("0.01"))
        shown = display(amount, currency).rsplit(" ", 1)[0]
        raise _too_small(
            f"Amount must convert to at least 50 cents. {shown} converts to approximately ${dollars}.", param
        )


def is_chargeable(amount: int, currency: str) -> bool:
    """Whether ``check_amount`` accepts an amount."""
    try:
        check_amount(amount, currency, "")
    except ApiError:
        return False
    return True


def amount_max(currency: str) -> int:
    """The largest amount that can be charged at once, in minor units."""
    return int("9" * DIGITS_MAX.get(currency, DIGITS_MAX_ELSEWHERE))


def step(currency: str) -> int:
    """The least difference between two amounts of a currency, in minor units."""
    return 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_IN_HUNDREDTHS else 1


def check_fraction(amount: int, currency: str, param: str) -> None:
    """Three-decimal amounts end in 0, and ISK and UGX amounts in 00."""
    if amount % step(currency):
        raise invalid_request(
            f"Invalid {currency.upper()} amount: {amount} must be a multiple of {step(currency)}.",
            code="parameter_invalid_integer",
            param=param,
        )


def _too_small(message: str, param: str) -> ApiError:
    return invalid_request(message, code="amount_too_small", param=param)


def _major(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-exponent(currency))


def display(amount: int, currency: str) -> str:
    """An amount as Stripe's API messages write it: ``€0.50 eur``."""
    return f"{symbol_amount(amount, currency)} {currency}"


def symbol_amount(amount: int, currency: str) -> str:
    """``€0.50``, as in ``Refund amount ($40.00)``."""
    from babel.numbers import get_currency_symbol

    symbol = get_currency_symbol(currency.upper(), locale="en")
    return f"{symbol}{_major(amount, currency):,.{exponent(currency)}f}"
