"""Line items of a Checkout Session from ``price`` or ``price_data``."""

from typing import Any

from paywright import currencies, errors, ids
from paywright.errors import invalid_request
from paywright.objects import blank
from paywright.store import Transaction

Json = dict[str, Any]


def priced_items(tx: Transaction, given: list[Json]) -> list[Json]:
    """Return ``item`` objects with their amounts; all must be in one currency."""
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
    price = _price(tx, line, param)
    quantity = line.get("quantity")
    if quantity is None:
        raise errors.parameter_missing(f"{param}[quantity]")
    if quantity < 1:
        raise errors.too_small(f"{param}[quantity]")
    amount = price["unit_amount"] * quantity
    return blank_item(
        id=ids.new("li"),
        amount_discount=0,
        amount_subtotal=amount,
        amount_tax=0,
        amount_total=amount,
        currency=price["currency"],
        description=tx.get(price["product"])["name"],
        metadata=line.get("metadata") or {},
        price=price,
        quantity=quantity,
    )


def blank_item(**members: Any) -> Json:
    item = blank("item", **members)
    del item["livemode"]
    return item


def _price(tx: Transaction, line: Json, param: str) -> Json:
    if line.get("price") and line.get("price_data"):
        raise invalid_request(
            f"You may only specify one of these parameters: {param}[price], {param}[price_data].", param=param
        )
    if line.get("price"):
        return tx.require(line["price"], "price", param=f"{param}[price]")
    if not line.get("price_data"):
        raise errors.parameter_missing(f"{param}[price_data]")
    return inline_price(tx, line["price_data"], f"{param}[price_data]")


def inline_price(tx: Transaction, data: Json, param: str) -> Json:
    """Make the price (and product) of a ``price_data``; like Stripe's they are not active."""
    currency = currencies.check_currency(data["currency"], f"{param}[currency]")
    unit_amount = _unit_amount(data, param)
    currencies.check_fraction(unit_amount, currency, f"{param}[unit_amount]")
    product = _product(tx, data, param)
    return tx.insert(
        blank(
            "price",
            id=ids.new("price"),
            active=False,
            billing_scheme="per_unit",
            created=tx.now,
            currency=currency,
            metadata=data.get("metadata") or {},
            product=product,
            tax_behavior=data.get("tax_behavior", "unspecified"),
            type="one_time",
            unit_amount=unit_amount,
            unit_amount_decimal=str(unit_amount),
        )
    )


def _unit_amount(data: Json, param: str) -> int:
    if data.get("recurring"):
        raise invalid_request("Recurring prices need mode=subscription.", param=f"{param}[recurring]")
    if data.get("unit_amount") is None:
        raise errors.parameter_missing(f"{param}[unit_amount]")
    if data["unit_amount"] < 0:
        raise errors.too_small(f"{param}[unit_amount]", 0)
    return int(data["unit_amount"])


def _product(tx: Transaction, data: Json, param: str) -> str:
    if data.get("product"):
        return str(tx.require(data["product"], "product", param=f"{param}[product]")["id"])
    given = data.get("product_data")
    if not given:
        raise errors.parameter_missing(f"{param}[product_data]")
    if not given.get("name"):
        raise errors.parameter_empty(f"{param}[product_data][name]")
    product = blank(
        "product",
        id=ids.new("prod"),
        active=False,
        created=tx.now,
        images=given.get("images") or [],
        marketing_features=[],
        metadata=given.get("metadata") or {},
        name=given["name"],
        description=given.get("description"),
        tax_code=given.get("tax_code"),
        unit_label=given.get("unit_label"),
        updated=tx.now,
    )
    return str(tx.insert(product)["id"])
