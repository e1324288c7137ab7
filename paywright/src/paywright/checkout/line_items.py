"""Line items of a Checkout Session from ``price`` or ``price_data``."""

from typing import Any

from paywright.api import errors, metadata
from paywright.api.errors import invalid_request
from paywright.checkout.prices import DIGITS_MAX, new_price
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction

Json = dict[str, Any]


def priced_items(tx: Transaction, given: list[Json]) -> list[Json]:
    """Return ``item`` objects with their amounts before discount and tax; all must be in one currency."""
    items = [_item(tx, line, f"line_items[{place}]") for place, line in enumerate(given)]
    currency = items[0]["currency"]
    for item in items:
        if item["currency"] != currency:
            raise invalid_request(
                f"The price specified only supports `{item['currency']}`. This doesn't match the expected"
                f" currency: `{currency}`.",
                param="line_items",
            )
    return items


def _item(tx: Transaction, line: Json, param: str) -> Json:
    for name in ("adjustable_quantity", "dynamic_tax_rates"):
        if line.get(name) and (name != "adjustable_quantity" or line[name].get("enabled")):
            raise invalid_request(f"Paywright does not support the parameter {name}.", param=f"{param}[{name}]")
    price = _price(tx, line, param)
    quantity = line.get("quantity")
    if quantity is None:
        raise errors.parameter_missing(f"{param}[quantity]")
    if quantity < 1:
        raise errors.too_small(f"{param}[quantity]")
    amount = price["unit_amount"] * quantity
    if amount >= 10**DIGITS_MAX:
        raise errors.too_large(f"{param}[quantity]", (10**DIGITS_MAX - 1) // price["unit_amount"])
    rates = line.get("tax_rates") or []
    item = blank(
        "item",
        id=ids.new("li"),
        amount_discount=0,
        amount_subtotal=amount,
        amount_tax=0,
        amount_total=amount,
        currency=price["currency"],
        description=tx.get(price["product"])["name"],
        metadata=metadata.merged({}, line.get("metadata") or {}, f"{param}[metadata]"),
        price=price,
        quantity=quantity,
        _tax_rates=[
            tx.require(rate, "tax_rate", param=f"{param}[tax_rates][{n}]")["id"] for n, rate in enumerate(rates)
        ],
    )
    del item["livemode"]
    return item


def _price(tx: Transaction, line: Json, param: str) -> Json:
    if line.get("price") and line.get("price_data"):
        raise invalid_request(
            f"You may only specify one of these parameters: {param}[price], {param}[price_data].", param=param
        )
    if line.get("price"):
        price = tx.require(line["price"], "price", param=f"{param}[price]")
        if not price["active"]:
            raise invalid_request(
                "The price specified is inactive. This field only accepts active prices.", param=param
            )
        return price
    if not line.get("price_data"):
        raise errors.parameter_missing(f"{param}[price_data]")
    # Stripe marks prices and products made inline as not active, so that they are not offered again.
    return new_price(tx, line["price_data"], f"{param}[price_data]", active=False)
