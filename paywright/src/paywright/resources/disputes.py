"""Disputes."""

from typing import Any

from paywright.api import lists, metadata, supported
from paywright.api.call import Call
from paywright.payments.disputes import close_by_merchant, refuse_if_closed, submit_evidence

Json = dict[str, Any]


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["dispute"], "dispute", param="dispute", in_path=True)


def index(call: Call) -> Json:
    return lists.page(call.tx, "dispute", call.url, call.params)


def update(call: Call) -> Json:
    dispute, params = retrieve(call), call.params
    supported.only(params, "evidence metadata submit")
    refuse_if_closed(dispute)
    if "metadata" in params:
        dispute["metadata"] = metadata.merged(dispute["metadata"], params["metadata"])
        call.tx.save(dispute)
    if "evidence" in params or "submit" in params:
        submit_evidence(call.tx, dispute, params.get("evidence"), submit=params.get("submit", True))
    return dispute


def close(call: Call) -> Json:
    return close_by_merchant(call.tx, retrieve(call))
