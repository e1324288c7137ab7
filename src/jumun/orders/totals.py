"""The arithmetic of an order: discounts, tax, rounding, and the total that Stripe can charge."""

from collections.abc import Sequence
from dataclasses import dataclass

from jumun import money
from jumun.errors import AmountOutOfRange, AmountTooLarge, AmountTooSmall, OrderRefused
from jumun.orders.customer_and_items import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """The amounts of a line: its share of the discounts, the tax in its total, and its total with tax."""

    discount_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The amounts of an order: its tax, the rounding to an amount that Stripe charges, and what is paid."""

    tax_minor: int
    rounding_minor: int
    total_minor: int


def amounts_of(
    items: Sequence[Item], currency: str, *, prices_include_tax: bool = True, discount_minor: int = 0
) -> list[Amounts]:
    """The amounts of each line. ``discount_minor`` is taken off the whole order; it includes tax if the prices do.

    A discount is spread over the lines by price. Tax is rounded once for all lines of a rate, then spread over them.
    Raises `AmountOutOfRange` for a discount above the price.
    """
    prices = [item.price_minor for item in items]
    if min(prices) < 0 or not 0 <= discount_minor <= sum(prices):
        raise AmountOutOfRange(f"a discount of more than {sum(prices)}")
    shares = _shares(discount_minor, prices, currency)
    bases = [price - share for price, share in zip(prices, shares, strict=True)]
    taxes = _taxes(items, bases, prices_include_tax=prices_include_tax)
    return [
        Amounts(
            discount_minor=item.discount_minor + share,
            tax_minor=tax,
            total_minor=base if prices_include_tax else base + tax,
        )
        for item, share, base, tax in zip(items, shares, bases, taxes, strict=True)
    ]


def _shares(discount_minor: int, prices: list[int], currency: str) -> list[int]:
    if not discount_minor:
        return [0] * len(prices)
    # If Stripe can charge the prices and the discount, it can charge the shares too.
    step = money.charge_step_minor(currency)
    unit = 1 if any(each % step for each in (discount_minor, *prices)) else step
    return [unit * share for share in money.allocate(discount_minor // unit, prices)]


def _taxes(items: Sequence[Item], bases: list[int], *, prices_include_tax: bool) -> list[int]:
    tax_of = money.included_tax if prices_include_tax else money.tax_on
    taxes = [0] * len(items)
    for rate_ppm in {item.tax_rate_ppm for item in items}:
        indices = [index for index, item in enumerate(items) if item.tax_rate_ppm == rate_ppm]
        taxed = [bases[index] for index in indices]
        tax_minor = tax_of(sum(taxed), rate_ppm)
        shares = money.share_tax(tax_minor, taxed, rate_ppm, included=prices_include_tax)
        for index, share in zip(indices, shares, strict=True):
            taxes[index] = share
    return taxes


def totals_of(amounts: Sequence[Amounts], currency: str) -> Totals:
    """The sums of the lines. Only the total is rounded to what Stripe charges: half up, to 0.010 KWD."""
    lines_minor = sum(line.total_minor for line in amounts)
    total_minor = money.round_to_charge(lines_minor, currency)
    return Totals(
        tax_minor=sum(line.tax_minor for line in amounts),
        rounding_minor=total_minor - lines_minor,
        total_minor=total_minor,
    )


def check_total(total_minor: int, currency: str) -> None:
    """Raises `AmountTooSmall` or `AmountTooLarge`, and `OrderRefused` for a currency that Stripe does not take."""
    try:
        minimum_minor = money.charge_min_minor(currency)
    except money.MoneyError as error:
        raise OrderRefused(str(error)) from error
    if total_minor < minimum_minor:
        raise AmountTooSmall(total_minor, minimum_minor, currency)
    if total_minor > (maximum_minor := money.charge_max_minor(currency)):
        raise AmountTooLarge(total_minor, maximum_minor, currency)
