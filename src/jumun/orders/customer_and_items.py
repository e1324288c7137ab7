"""What a caller passes to place an order."""

from dataclasses import dataclass

# Stripe's Checkout in mode "payment": line_items (API reference, POST /v1/checkout/sessions).
LINES_MAX = 100


# UNCL5305 as EN 16931 uses it: at a standard or reduced rate, zero-rated (영세율), exempt (면세), reverse charge
# (대리납부).
TAX_CATEGORIES = ("S", "Z", "E", "AE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line to be ordered. `Order.place` checks the values.

    ``unit_price_minor`` and ``discount_minor`` (on the whole line) include tax at ``tax_rate_ppm`` parts per million
    (10 % = 100_000), unless the order's prices exclude tax. ``tax_category`` matters only without tax: the default is
    zero-rated; set it for exempt or reverse charge.
    """

    sku: str
    name: str
    unit_price_minor: int
    quantity: int
    discount_minor: int = 0
    tax_rate_ppm: int = 0
    tax_category: str | None = None

    @property
    def price_minor(self) -> int:
        """The price of the line, after its discount."""
        return self.unit_price_minor * self.quantity - self.discount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The customer and the delivery address. ``country`` is ISO 3166-1 alpha-2, ``phone`` E.164 or empty.

    ``tax_id`` is that of a business. `Order.place` and `Order.correct` check and normalise the values: see
    `jumun.orders.checked`.
    """

    name: str
    email: str
    address: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "KR"
    phone: str = ""
    tax_id: str = ""
