"""Charges."""

from typing import Any

from paywright import events, lists, metadata
from paywright.call import Call

Json = dict[str, Any]


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["charge"], "charge", param="charge", in_path=True)


def index(call: Call) -> Json:
    return lists.page(call.tx, "charge", call.url, call.params)


def update(call: Call) -> Json:
    charge = retrieve(call)
    before = dict(charge)
    if "metadata" in call.params:
        charge["metadata"] = metadata.merged(charge["metadata"], call.params["metadata"])
    for member in ("description", "receipt_email"):
        if member in call.params:
            charge[member] = call.params[member]
    changed = {name: before[name] for name in charge if charge[name] != before[name]}
    call.tx.save(charge)
    if changed:
        events.emit(call.tx, "charge.updated", charge, previous=changed)
    return charge
