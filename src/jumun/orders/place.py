"""What a caller hands in to place an order."""

from dataclasses import dataclass

from jumun import money
from jumun.errors import AmountOutOfRange, EmptyOrder, TooManyLines

# Stripe's Checkout in mode "payment": line_items (API reference, POST /v1/checkout/sessions).
LINES_MAX = 100
# "Up to eight digits" (API reference, PaymentIntent.amount), in Stripe's minor units.
STRIPE_AMOUNT_MAX = 99_999_999


# UNCL5305 as EN 16931 uses it: at a standard or reduced rate, zero-rated (영세율), exempt (면세).
TAX_CATEGORIES = ("S", "Z", "E")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line to be ordered. ``unit_price_minor`` includes tax at ``tax_rate_ppm`` parts per million (10 % =
    100_000).

    ``tax_category`` is needed for what bears no tax only: zero-rated unless it says exempt. Raises `ValueError` for a
    category that contradicts the rate.
    """

    sku: str
    name: str
    unit_price_minor: int
    quantity: int
    tax_rate_ppm: int = 0
    tax_category: str | None = None

    def __post_init__(self) -> None:
        if self.tax_category is None:
            return
        if self.tax_category not in TAX_CATEGORIES or (self.tax_category == "S") != (self.tax_rate_ppm > 0):
            raise ValueError(f"{self.sku}: tax category {self.tax_category} at {self.tax_rate_ppm} ppm")

    @property
    def total_minor(self) -> int:
        return self.unit_price_minor * self.quantity

    @property
    def tax_minor(self) -> int:
        """The tax contained in the line's total."""
        return money.included_tax(self.total_minor, self.tax_rate_ppm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who orders and where it goes; ``country`` is ISO 3166-1 alpha-2, ``phone`` E.164 or empty."""

    name: str
    email: str
    address: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "KR"
    phone: str = ""


def total_minor(items: list[Item], currency: str) -> int:
    """The order's total. Raises `EmptyOrder`, `TooManyLines` or `AmountOutOfRange`."""
    if not items:
        raise EmptyOrder("an order needs at least one line")
    if len(items) > LINES_MAX:
        raise TooManyLines(f"{len(items)} lines, Stripe takes {LINES_MAX}")
    for item in items:
        if item.quantity < 1 or item.unit_price_minor < 0:
            raise AmountOutOfRange(f"{item.sku}: {item.quantity} x {item.unit_price_minor}")
    total = sum(item.total_minor for item in items)
    if total < 1 or money.to_stripe(total, currency) > STRIPE_AMOUNT_MAX:
        raise AmountOutOfRange(f"{total} {currency}")
    return total
