"""Customers."""

from typing import Any

from paywright.api import lists, metadata, supported
from paywright.api.addresses import check_email
from paywright.api.call import Call
from paywright.payments.customers import new_customer
from paywright.payments.methods import attach, named_method
from paywright.webhooks import events

Json = dict[str, Any]

_ECHOED = (
    "address balance business_name description email individual_name name phone preferred_locales shipping tax_exempt"
)


def create(call: Call) -> Json:
    supported.only(call.params, f"{_ECHOED} metadata payment_method")
    customer = new_customer(call.tx, **_given(call.params))
    if call.params.get("payment_method"):
        attach(call.tx, named_method(call.tx, call.params["payment_method"]), customer["id"])
    return customer


def _given(params: Json) -> Json:
    given = {name: params[name] for name in _ECHOED.split() if name in params}
    check_email(given.get("email"), "email")
    if given.get("address"):
        parts = ("city", "country", "line1", "line2", "postal_code", "state")
        given["address"] = {part: given["address"].get(part) for part in parts}
    if "preferred_locales" in given and given["preferred_locales"] is None:
        given["preferred_locales"] = []
    for name in ("business_name", "individual_name"):
        if name in given and given[name] is None:
            del given[name]
    if given.get("tax_exempt", "none") is None:
        given["tax_exempt"] = "none"
    if params.get("metadata"):
        given["metadata"] = metadata.merged({}, params["metadata"])
    return given


def retrieve(call: Call) -> Json:
    found = call.tx.find(call.path["customer"], "customer")
    if found and found.get("deleted"):
        return found
    return call.tx.require(call.path["customer"], "customer", param="customer", in_path=True)


def index(call: Call) -> Json:
    supported.only(call.params, "created email ending_before limit starting_after")
    alive = [("json_extract(doc, '$.deleted') IS NOT ?", 1)]
    return lists.page(call.tx, "customer", call.url, call.params, where=alive)


def update(call: Call) -> Json:
    customer = _living(call)
    supported.only(call.params, f"{_ECHOED} metadata")
    given = _given({k: v for k, v in call.params.items() if k != "metadata"})
    if "metadata" in call.params:
        given["metadata"] = metadata.merged(customer["metadata"], call.params["metadata"])
    before = {name: customer.get(name) for name, value in given.items() if customer.get(name) != value}
    customer.update(given)
    call.tx.save(customer)
    if before:
        events.emit(call.tx, "customer.updated", customer, previous=before)
    return customer


def delete(call: Call) -> Json:
    customer = _living(call)
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    call.tx.save(gone)
    events.emit(call.tx, "customer.deleted", customer)
    return gone


def _living(call: Call) -> Json:
    return call.tx.require(call.path["customer"], "customer", param="customer", in_path=True)
