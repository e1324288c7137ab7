"""Products and prices."""

from typing import Any

from paywright.api import errors, lists, metadata, supported
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.checkout.prices import PRODUCT_MEMBERS, new_price, new_product
from paywright.state import ids
from paywright.webhooks import events

Json = dict[str, Any]

_PRODUCT = "active " + " ".join(PRODUCT_MEMBERS)
_PRICE = "currency unit_amount unit_amount_decimal active lookup_key nickname tax_behavior product product_data"


def create_product(call: Call) -> Json:
    params = call.params
    supported.only(params, f"{_PRODUCT} id metadata default_price_data")
    if not params["name"]:
        raise errors.parameter_empty("name")
    identifier = params.get("id") or ids.new("prod")
    if call.tx.find(identifier):
        raise invalid_request(f"Product already exists: {identifier}", code="resource_already_exists", param="id")
    product = new_product(
        call.tx,
        id=identifier,
        active=params.get("active", True),
        metadata=metadata.merged({}, params.get("metadata", {})),
        **{n: params[n] for n in PRODUCT_MEMBERS if params.get(n) is not None},
    )
    if params.get("default_price_data"):
        data = {**params["default_price_data"], "product": identifier}
        product["default_price"] = new_price(call.tx, data, "default_price_data", active=True)["id"]
        call.tx.save(product)
    events.emit(call.tx, "product.created", product)
    return product


def index_products(call: Call) -> Json:
    supported.only(call.params, "active created ending_before limit starting_after url")
    return lists.page(call.tx, "product", call.url, call.params)


def create_price(call: Call) -> Json:
    params = call.params
    supported.only(params, f"{_PRICE} metadata billing_scheme")
    if params.get("billing_scheme", "per_unit") != "per_unit":
        raise invalid_request("Paywright supports billing_scheme=per_unit only.", param="billing_scheme")
    price = new_price(call.tx, params, "", active=True)
    events.emit(call.tx, "price.created", price)
    return price


def index_prices(call: Call) -> Json:
    supported.only(call.params, "active created currency ending_before limit lookup_keys product starting_after type")
    keys = call.params.get("lookup_keys") or []
    marks = ", ".join("?" * len(keys))
    where = [(f"json_extract(doc, '$.lookup_key') IN ({marks})", tuple(keys))] if keys else []
    return lists.page(call.tx, "price", call.url, call.params, where=where)
