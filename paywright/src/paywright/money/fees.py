"""What a payment costs: account pricing, not API behaviour (docs/fidelity.md)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from paywright.money.currencies import UNITS_PER_USD, exponent
from paywright.sandbox.refusal import Refusal


class FeesImpossible(Refusal):
    """Not a percentage from 0 to 100, or not an amount of dollars from 0 to 1000."""


@dataclass(frozen=True)
class Fees:
    """A share of the amount and a fixed part in US dollars; Stripe's usual pricing unless given."""

    percent: Decimal = Decimal("2.9")
    fixed_usd: Decimal = Decimal("0.30")

    def of(self, amount: int, currency: str) -> int:
        """Return the fee of ``amount`` in minor units, rounded half up; never more than the amount itself."""
        fixed = self.fixed_usd * UNITS_PER_USD.get(currency, Decimal(1))
        exact = amount * self.percent / 100 + fixed.scaleb(exponent(currency))
        return min(amount, int(exact.quantize(Decimal(1), ROUND_HALF_UP)))

    def shown(self) -> dict[str, str]:
        return {"percent": str(self.percent), "fixed_usd": str(self.fixed_usd)}


def parsed(percent: object, fixed_usd: object) -> Fees:
    """Return the fees that numbers or their texts name; raise FeesImpossible."""
    return Fees(_number(percent, 100, "percent"), _number(fixed_usd, 1_000, "fixed_usd"))


def _number(given: object, most: int, name: str) -> Decimal:
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= most:
        raise FeesImpossible(
            "{name} is a number from 0 to {most}, not '{given}'", name=name, most=most, given=str(given)[:40]
        )
    return number
