"""Refunds."""

from typing import Any

from paywright.api import errors, lists, metadata, supported
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.payments.refunds import cancel_refund, refund_charge
from paywright.webhooks import events

Json = dict[str, Any]


def create(call: Call) -> Json:
    params = call.params
    supported.only(params, "amount charge metadata payment_intent reason")
    amount = params.get("amount")
    if amount is not None and amount < 1:
        raise errors.too_small("amount")
    return refund_charge(
        call.tx,
        _charge(call),
        amount=amount,
        reason=params.get("reason"),
        metadata=metadata.merged({}, params.get("metadata", {})),
    )


def _charge(call: Call) -> Json:
    params = call.params
    if params.get("charge"):
        return call.tx.require(params["charge"], "charge", param="charge")
    if not params.get("payment_intent"):
        raise invalid_request(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    intent = call.tx.require(params["payment_intent"], "payment_intent", param="payment_intent")
    charge = call.tx.find(intent["latest_charge"] or "")
    if charge is None or charge["status"] != "succeeded":
        raise invalid_request(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", stored=True
        )
    return charge


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["refund"], "refund", param="refund", in_path=True)


def index(call: Call) -> Json:
    return lists.page(call.tx, "refund", call.url, call.params)


def update(call: Call) -> Json:
    refund = retrieve(call)
    if "metadata" not in call.params:
        return refund
    before = {"metadata": refund["metadata"]}
    refund["metadata"] = metadata.merged(refund["metadata"], call.params["metadata"])
    call.tx.save(refund)
    events.emit(call.tx, "refund.updated", refund, previous=before)
    events.emit(call.tx, "charge.refund.updated", refund, previous=before)
    return refund


def cancel(call: Call) -> Json:
    return cancel_refund(call.tx, retrieve(call))
