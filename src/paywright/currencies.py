"""Currency rules of Stripe's API (the contract's section 9, "Currencies").

Amounts are integers in Stripe's minor unit, which for a few currencies is not ISO's.
"""

from decimal import Decimal

from paywright.errors import ApiError, invalid_request

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
"""UGX stands in Stripe's zero-decimal table and among the special cases; two decimals is the safe reading (M)."""
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
WHOLE_ONLY = frozenset(["isk", "ugx"])
"""No fractions, but written with two decimals that must be 00."""

SUPPORTED = frozenset(
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp"
    " cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr"
    " isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn"
    " myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle"
    " sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer zar"
    " zmw".split()
)
"""Presentment currencies (docs.stripe.com/currencies, from memory)."""

AMOUNT_MAX = 99_999_999
"""Up to eight digits. A few currencies allow more; their digits are unverified, so none does here."""

MINIMUM = {
    **dict.fromkeys("usd eur jpy aud cad chf nzd sgd brl inr".split(), 50),
    "gbp": 30, "hkd": 400, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "ron": 200, "bgn": 100,
    "czk": 1500, "huf": 17500, "aed": 200, "mxn": 1000, "myr": 200, "thb": 1000,
}  # fmt: skip

UNITS_PER_USD = {
    "krw": Decimal(1400), "twd": Decimal(32), "cny": Decimal("7.2"), "vnd": Decimal(25400), "idr": Decimal(16000),
    "php": Decimal(58), "isk": Decimal(138), "ugx": Decimal(3700), "clp": Decimal(950), "pyg": Decimal(7600),
    "bhd": Decimal("0.376"), "jod": Decimal("0.709"), "kwd": Decimal("0.307"), "omr": Decimal("0.385"),
    "tnd": Decimal("3.1"), "try": Decimal(35), "zar": Decimal(18), "ils": Decimal("3.7"), "sar": Decimal("3.75"),
    "bif": Decimal(2950), "djf": Decimal(178), "gnf": Decimal(8600), "kmf": Decimal(455), "mga": Decimal(4600),
    "rwf": Decimal(1380), "vuv": Decimal(119), "xaf": Decimal(605), "xof": Decimal(605), "xpf": Decimal(110),
}  # fmt: skip
"""Fixed, round stand-ins for a day's rates: only to apply the rule that a charge in a currency without a
published minimum must convert to at least 50 cents. Currencies of neither table have no minimum here."""

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
    if amount > AMOUNT_MAX:
        raise invalid_request(
            f"Amount must be no more than {display(AMOUNT_MAX, currency)}", code="amount_too_large", param=param
        )
    check_fraction(amount, currency, param)
    least = MINIMUM.get(currency)
    if least is not None and amount < least:
        raise _too_small(f"Amount must be at least {display(least, currency)}", param)
    rate = UNITS_PER_USD.get(currency)
    if rate is not None and _major(amount, currency) / rate < USD_MINIMUM:
        dollars = (_major(amount, currency) / rate).quantize(Decimal("0.01"))
        shown = display(amount, currency).rsplit(" ", 1)[0]
        raise _too_small(
            f"Amount must convert to at least 50 cents. {shown} converts to approximately ${dollars}.", param
        )


def check_fraction(amount: int, currency: str, param: str) -> None:
    """Three-decimal amounts end in 0, and ISK and UGX amounts in 00."""
    step = 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_ONLY else 1
    if amount % step:
        raise invalid_request(
            f"Invalid {currency.upper()} amount: {amount} must be a multiple of {step}.",
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
