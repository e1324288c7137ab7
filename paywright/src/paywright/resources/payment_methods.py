"""PaymentMethods from a test token, a test card's number, or a test account; customers can keep them.

Saved methods exist only for the test cards that behave differently once a customer has them (https://docs.stripe.com/testing).
"""

from typing import Any

from paywright.api import lists, metadata
from paywright.api.call import Call
from paywright.api.errors import ApiError, invalid_request, no_such, parameter_missing
from paywright.payments import cards, methods
from paywright.payments.delayed import IBANS
from paywright.payments.methods import CardEntry, IbanEntry, named_method, new_method

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
    if not 2000 <= given["exp_year"] <= 2099:
        raise invalid_request("Your card's expiration year is invalid.", param="card[exp_year]")
    return CardEntry(card, given["exp_month"], given["exp_year"], billing)


def _account(params: Json, billing: Json) -> IbanEntry:
    iban = ((params.get("sepa_debit") or {}).get("iban") or "").replace(" ", "").upper()
    if iban not in IBANS:
        raise invalid_request("Not one of Stripe's test IBANs.", param="sepa_debit[iban]")
    return IbanEntry(iban, billing)


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["payment_method"], "payment_method", param="payment_method", in_path=True)


def attach(call: Call) -> Json:
    """``pm_card_visa`` and the like, which Stripe's examples attach, become a method of the customer's own."""
    customer = call.tx.require(call.params["customer"], "customer", param="customer")
    return methods.attach(call.tx, named_method(call.tx, call.path["payment_method"], in_path=True), customer["id"])


def detach(call: Call) -> Json:
    return methods.detach(call.tx, retrieve(call))


def index(call: Call) -> Json:
    if call.params.get("customer"):
        call.tx.require(call.params["customer"], "customer", param="customer")
    return lists.page(call.tx, "payment_method", call.url, call.params)


def index_of_customer(call: Call) -> Json:
    customer = call.tx.require(call.path["customer"], "customer", param="customer", in_path=True)
    return lists.page(call.tx, "payment_method", call.url, {**call.params, "customer": customer["id"]})
