"""Early fraud warnings: read only."""

from typing import Any

from paywright.api import lists
from paywright.api.call import Call
from paywright.payments.fraud_warnings import KIND

Json = dict[str, Any]


def retrieve(call: Call) -> Json:
    param = "early_fraud_warning"
    return call.tx.require(call.path[param], KIND, param=param, in_path=True)


def index(call: Call) -> Json:
    return lists.page(call.tx, KIND, call.url, call.params)
