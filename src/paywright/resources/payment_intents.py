"""PaymentIntents (the contract's section 6)."""

from typing import Any

from paywright import lists, metadata
from paywright.call import Call

Json = dict[str, Any]


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["intent"], "payment_intent", param="intent", in_path=True)


def index(call: Call) -> Json:
    return lists.page(call.tx, "payment_intent", call.url, call.params)


def update(call: Call) -> Json:
    intent = retrieve(call)
    if "metadata" in call.params:
        intent["metadata"] = metadata.merged(intent["metadata"], call.params["metadata"])
    if "description" in call.params:
        intent["description"] = call.params["description"]
    return call.tx.save(intent)
