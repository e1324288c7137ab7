"""Make products and one-time prices, named by id or given inline."""

from collections.abc import Callable
from typing import Any

from paywright.api import errors, metadata
from paywright.api.errors import invalid_request
from paywright.money import currencies
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction

Json = dict[str, Any]

DIGITS_MAX = 12
"""Of a unit price, and of a line (unverified: docs/fidelity.md); the total that is charged has fewer."""

PRODUCT_MEMBERS = (
    "description images marketing_features name package_dimensions shippable statement_descriptor tax_code"
    " unit_label url"
).split()


def new_product(tx: Transaction, **members: Any) -> Json:
    """Insert a product without announcing it."""
    product = blank("product", id=ids.new("prod"), created=tx.now, updated=tx.now, images=[], marketing_features=[])
    product.update({"active": True, "metadata": {}})
    product.update(members)
    return tx.insert(product)


def new_price(tx: Transaction, data: Json, path: str, *, active: bool) -> Json:
    """Insert a one-time price from parameters found at ``path``; raise ApiError for invalid ones."""

    def name(member: str) -> str:
        return f"{path}[{member}]" if path else member

    if data.get("recurring"):
        raise invalid_request("Paywright supports one-time prices only.", param=name("recurring"))
    currency = currencies.check_currency(data["currency"], name("currency"))
    amount = _unit_amount(data, name("unit_amount"))
    currencies.check_fraction(amount, currency, name("unit_amount"))
    return tx.insert(
        blank(
            "price",
            id=ids.new("price"),
            active=data.get("active", active),
            billing_scheme="per_unit",
            created=tx.now,
            currency=currency,
            lookup_key=data.get("lookup_key"),
            metadata=metadata.merged({}, data.get("metadata") or {}, name("metadata")),
            nickname=data.get("nickname"),
            product=_product(tx, data, name, active=active),
            tax_behavior=data.get("tax_behavior") or "unspecified",
            type="one_time",
            unit_amount=amount,
            unit_amount_decimal=str(amount),
        )
    )


def _unit_amount(data: Json, param: str) -> int:
    """The price in minor units from ``unit_amount`` or a whole ``unit_amount_decimal``."""
    amount, decimal = data.get("unit_amount"), data.get("unit_amount_decimal")
    if amount is None and decimal is not None:
        if not str(decimal).isascii() or not str(decimal).isdigit() or len(str(decimal)) > DIGITS_MAX:
            raise invalid_request(
                f"Paywright supports whole minor units of at most {DIGITS_MAX} digits only.", param=f"{param}_decimal"
            )
        amount = int(decimal)
    if amount is None:
        raise errors.parameter_missing(param)
    if amount < 0:
        raise errors.too_small(param, 0)
    if amount >= 10**DIGITS_MAX:
        raise errors.too_large(param, 10**DIGITS_MAX - 1)
    return int(amount)


def _product(tx: Transaction, data: Json, name: Callable[[str], str], *, active: bool) -> str:
    """The id of ``product``, or of one made from ``product_data``; ``name`` turns a member into its path."""
    if data.get("product"):
        return str(tx.require(data["product"], "product", param=name("product"))["id"])
    given = data.get("product_data")
    if not given:
        raise errors.parameter_missing(name("product_data"))
    if not given.get("name"):
        raise errors.parameter_empty(f"{name('product_data')}[name]")
    echoed = {n: given[n] for n in PRODUCT_MEMBERS if given.get(n) is not None}
    labels = metadata.merged({}, given.get("metadata") or {}, f"{name('product_data')}[metadata]")
    return str(new_product(tx, active=given.get("active", active), metadata=labels, **echoed)["id"])
