"""Shipping options of a session; the first is chosen until the buyer chooses another."""

from typing import Any

from paywright.api import errors, metadata, supported
from paywright.api.errors import invalid_request
from paywright.money import currencies
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction

Json = dict[str, Any]

OPTIONS_MAX = 5


def options(tx: Transaction, given: list[Json], currency: str) -> list[Json]:
    """Return the session's ``shipping_options`` from its parameters."""
    if len(given) > OPTIONS_MAX:
        raise invalid_request(
            f"A Checkout Session takes at most {OPTIONS_MAX} shipping options.", param="shipping_options"
        )
    return [_option(tx, option, currency, f"shipping_options[{n}]") for n, option in enumerate(given)]


def _option(tx: Transaction, option: Json, currency: str, param: str) -> Json:
    if option.get("shipping_rate"):
        rate = tx.require(option["shipping_rate"], "shipping_rate", param=f"{param}[shipping_rate]")
    elif option.get("shipping_rate_data"):
        rate = _new_rate(tx, option["shipping_rate_data"], f"{param}[shipping_rate_data]")
    else:
        raise errors.parameter_missing(f"{param}[shipping_rate_data]")
    amount = rate["fixed_amount"]
    if amount["currency"] != currency:
        raise invalid_request(
            f"The shipping rate is in `{amount['currency']}`, the session in `{currency}`.", param=param
        )
    return {"shipping_amount": amount["amount"], "shipping_rate": rate["id"]}


def _new_rate(tx: Transaction, data: Json, param: str) -> Json:
    supported.only(data, "delivery_estimate display_name fixed_amount metadata tax_behavior type")
    fixed = data.get("fixed_amount")
    if not fixed:
        raise errors.parameter_missing(f"{param}[fixed_amount]")
    supported.only(fixed, "amount currency")
    if fixed["amount"] < 0:
        raise errors.too_small(f"{param}[fixed_amount][amount]", 0)
    currency = currencies.check_currency(fixed["currency"], f"{param}[fixed_amount][currency]")
    currencies.check_fraction(fixed["amount"], currency, f"{param}[fixed_amount][amount]")
    return tx.insert(
        blank(
            "shipping_rate",
            id=ids.new("shr"),
            active=True,
            created=tx.now,
            delivery_estimate=_estimate(data.get("delivery_estimate")),
            display_name=data["display_name"],
            fixed_amount={"amount": fixed["amount"], "currency": currency},
            metadata=metadata.merged({}, data.get("metadata") or {}, f"{param}[metadata]"),
            tax_behavior=data.get("tax_behavior") or "unspecified",
            type="fixed_amount",
        )
    )


def _estimate(given: Json | None) -> Json | None:
    return {"maximum": given.get("maximum"), "minimum": given.get("minimum")} if given else None


def cost(option: Json | None) -> Json | None:
    """The session's ``shipping_cost`` for a chosen option."""
    if option is None:
        return None
    amount = option["shipping_amount"]
    return {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": option["shipping_rate"],
    }
