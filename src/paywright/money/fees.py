"""What a payment costs: account pricing, not API behaviour (the contract's section 9)."""

from decimal import ROUND_HALF_UP, Decimal

from paywright.currencies import UNITS_PER_USD, exponent

RATE = Decimal("0.029")
FIXED_USD = Decimal("0.30")


def fee_of(amount: int, currency: str) -> int:
    """Return 2.9 % and the worth of 30 US cents, rounded half up, in minor units."""
    fixed = FIXED_USD * UNITS_PER_USD.get(currency, Decimal(1))
    exact = amount * RATE + fixed.scaleb(exponent(currency))
    return min(amount, int(exact.quantize(Decimal(1), ROUND_HALF_UP)))
