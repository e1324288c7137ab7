"""What a session costs: line items less discount plus tax plus shipping, in minor units.

The amounts are kept in the items and in ``total_details`` and add up to the unit. In currencies whose last digits
must be 0 each is rounded to what can be charged.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from paywright.money import currencies
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction

Json = dict[str, Any]


def total_up(tx: Transaction, session: Json) -> None:
    """Set every amount of ``session`` from its items, ``_coupon`` and ``shipping_cost``."""
    items = session["_line_items"]
    coupon = tx.get(session["_coupon"]) if session["_coupon"] else None
    step = currencies.step(session["currency"])
    discounts = _discounts(items, coupon, step)
    for item, discount in zip(items, discounts, strict=True):
        _price_item(tx, item, discount, step)
    _note_discount(session, items, coupon)
    shipping = session["shipping_cost"] or {"amount_total": 0}
    session["amount_subtotal"] = sum(item["amount_subtotal"] for item in items)
    session["amount_total"] = sum(item["amount_total"] for item in items) + shipping["amount_total"]
    session["total_details"] = {
        "amount_discount": sum(item["amount_discount"] for item in items),
        "amount_shipping": shipping["amount_total"],
        "amount_tax": sum(item["amount_tax"] for item in items),
    }


def _discounts(items: list[Json], coupon: Json | None, step: int) -> list[int]:
    subtotals = [item["amount_subtotal"] for item in items]
    if coupon is None:
        return [0] * len(items)
    if coupon["percent_off"] is not None:
        percent = Decimal(str(coupon["percent_off"]))
        return [_rounded(Decimal(amount) * percent / 100, step) for amount in subtotals]
    return shares(min(coupon["amount_off"], sum(subtotals)), subtotals, step)


def shares(amount: int, weights: list[int], step: int) -> list[int]:
    """Split a fixed amount: each share is rounded down and the last gets the rest, as recorded.

    No share exceeds its weight: what does not fit into the last share goes to the first ones with room.
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total // step * step for weight in weights[:-1]]
    left = amount - sum(parts) - weights[-1]
    for place, weight in enumerate(weights[:-1]):
        more = max(0, min(left, weight - parts[place]))
        parts[place] += more
        left -= more
    return [*parts, amount - sum(parts)]


def _price_item(tx: Transaction, item: Json, discount: int, step: int) -> None:
    net = item["amount_subtotal"] - discount
    taxes = [_tax(tx.get(rate), net, step) for rate in item["_tax_rates"]]
    item["_taxes"] = taxes
    item["amount_discount"] = discount
    item["amount_tax"] = sum(tax["amount"] for tax in taxes)
    item["amount_total"] = net + sum(tax["amount"] for tax in taxes if not tax["rate"]["inclusive"])


def _tax(rate: Json, net: int, step: int) -> Json:
    percent = Decimal(str(rate["percentage"])) / 100
    exact = net * percent / (1 + percent) if rate["inclusive"] else net * percent
    return {"amount": _rounded(exact, step), "rate": rate, "taxability_reason": None, "taxable_amount": net}


def _rounded(exact: Decimal, step: int) -> int:
    return int((exact / step).quantize(Decimal(1), ROUND_HALF_UP)) * step


def _note_discount(session: Json, items: list[Json], coupon: Json | None) -> None:
    """Store on each item which discount reduced it by how much; clients see it when they expand it."""
    if coupon is None:
        for item in items:
            item["_discounts"] = []
        return
    discount = blank(
        "discount",
        id=ids.new("di"),
        checkout_session=session["id"],
        promotion_code=session["_promotion_code"],
        source={"coupon": coupon["id"], "type": "coupon"},
        start=session["created"],
    )
    del discount["livemode"]
    for item in items:
        item["_discounts"] = [{"amount": item["amount_discount"], "discount": discount}]
