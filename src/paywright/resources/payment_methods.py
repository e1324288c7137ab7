"""PaymentMethods from a test token, a test card's number, or a test account."""

from typing import Any

from paywright import cards, metadata
from paywright.call import Call
from paywright.errors import ApiError, invalid_request, no_such, parameter_missing
from paywright.payments.delayed import IBANS
from paywright.payments.methods import CardEntry, IbanEntry, new_method

Json = dict[str, Any]


def create(call: Call) -> Json:
    params = call.params
    billing = params.get("billing_details") or {}
    entry = _card(params, billing) if params["type"] == "card" else _account(params, billing)
    method = new_method(call.tx, entry)
    method["metadata"] = metadata.merged({}, params.get("metadata", {}))
    return call.tx.save(method)


def _card(params: Json, billing: Json) -> CardEntry:
    given = params.get("card") or {}
    if given.get("token"):
        card = cards.by_token(given["token"])
        if card is None:
            raise no_such("token", given["token"], param="card[token]")
        return CardEntry(card, 12, 2034, billing)
    for name in ("number", "exp_month", "exp_year"):
        if not given.get(name):
            raise parameter_missing(f"card[{name}]")
    card = cards.find(given["number"])
    if card is None:
        why = cards.NUMBER_INVALID
        body = {"type": "card_error", "code": why.code, "message": why.message, "param": "number"}
        raise ApiError(402, body, stored=False)
    if not 1 <= given["exp_month"] <= 12:
        raise invalid_request("Your card's expiration month is invalid.", param="card[exp_month]")
    return CardEntry(card, given["exp_month"], given["exp_year"], billing)


def _account(params: Json, billing: Json) -> IbanEntry:
    iban = ((params.get("sepa_debit") or {}).get("iban") or "").replace(" ", "").upper()
    if iban not in IBANS:
        raise invalid_request("Not one of Stripe's test IBANs.", param="sepa_debit[iban]")
    return IbanEntry(iban, billing)


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["payment_method"], "payment_method", param="payment_method", in_path=True)
