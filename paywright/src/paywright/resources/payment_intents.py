"""PaymentIntents (https://docs.stripe.com/api/payment_intents)."""

from typing import Any

from paywright.api import errors, lists, metadata, supported
from paywright.api.addresses import check_email, is_web_address
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.money import currencies
from paywright.payments.confirm import confirm, declined_answer
from paywright.payments.intents import cancel_intent, new_intent
from paywright.payments.methods import named_method

Json = dict[str, Any]

_ECHOED = "description receipt_email statement_descriptor statement_descriptor_suffix transfer_group"
_METHODS = "payment_method_types allowed_payment_method_types excluded_payment_method_types"
_CREATE = (
    f"{_ECHOED} {_METHODS} amount currency customer metadata payment_method confirm off_session return_url shipping"
    " automatic_payment_methods capture_method confirmation_method error_on_requires_action setup_future_usage"
)
_UPDATE = (
    f"{_ECHOED} {_METHODS} amount capture_method currency metadata payment_method customer setup_future_usage shipping"
)
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(call: Call) -> Json:
    params = call.params
    supported.only(params, _CREATE)
    check_email(params.get("receipt_email"), "receipt_email")
    _check_methods(params)
    _check_return(params)
    currency = currencies.check_currency(params["currency"], "currency")
    _check_amount(params["amount"], currency)
    if params.get("customer"):
        call.tx.require(params["customer"], "customer", param="customer")
    method = named_method(call.tx, params["payment_method"]) if params.get("payment_method") else None
    intent = new_intent(
        call.tx,
        amount=params["amount"],
        currency=currency,
        customer=params.get("customer"),
        metadata=metadata.merged({}, params.get("metadata", {})),
        shipping=params.get("shipping"),
        automatic_payment_methods=_automatic(params),
        capture_method=params.get("capture_method") or "automatic_async",
        payment_method=method["id"] if method else None,
        setup_future_usage=params.get("setup_future_usage"),
        status="requires_confirmation" if method else "requires_payment_method",
        _return_url=params.get("return_url"),
        **{name: params.get(name) for name in _ECHOED.split()},
    )
    if params.get("confirm"):
        return _confirm(call, intent, method)
    return intent


def _check_methods(params: Json) -> None:
    if params.get("capture_method") == "manual":
        raise invalid_request("Paywright does not support capture_method=manual.", param="capture_method")
    if params.get("confirmation_method") == "manual":
        raise invalid_request("Paywright does not support confirmation_method=manual.", param="confirmation_method")
    for name in ("payment_method_types", "allowed_payment_method_types"):
        if params.get(name) and "card" not in params[name]:
            raise invalid_request("Paywright supports the payment method type card only.", param=name)
    if "card" in (params.get("excluded_payment_method_types") or ()):
        raise invalid_request(
            "Paywright supports the payment method type card only.", param="excluded_payment_method_types"
        )


def _check_return(params: Json) -> None:
    """Where the buyer goes on to after a challenge."""
    if params.get("return_url") and not is_web_address(params["return_url"]):
        raise invalid_request("Not a valid URL", code="url_invalid", param="return_url")


def _check_amount(amount: int, currency: str) -> None:
    if amount < 1:
        raise errors.too_small("amount")
    currencies.check_amount(amount, currency, "amount")


def _automatic(params: Json) -> Json | None:
    given = params.get("automatic_payment_methods")
    if given is None:
        return None if params.get("payment_method_types") else {"allow_redirects": "always", "enabled": True}
    return {"allow_redirects": given.get("allow_redirects", "always"), "enabled": given["enabled"]}


def _confirm(call: Call, intent: Json, method: Json | None) -> Json:
    if method is None:
        raise errors.unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the"
            " PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a"
            " payment method or ConfirmationToken.",
            intent,
        )
    if method["type"] not in intent["payment_method_types"]:
        raise invalid_request(
            f"The payment method type {method['type']} is not among those of this PaymentIntent:"
            f" {', '.join(intent['payment_method_types'])}.",
            param="payment_method",
        )
    alone = bool(call.params.get("off_session") or call.params.get("error_on_requires_action"))
    outcome = confirm(call.tx, intent, method, off_session=alone)
    if outcome == "declined":
        raise declined_answer(intent)
    return intent


def confirm_again(call: Call) -> Json:
    """``POST .../confirm``: try to pay with a payment method given now or before."""
    intent, params = retrieve(call), call.params
    _refuse_checkouts_own(intent, "confirm")
    if intent["status"] not in OPEN:
        raise errors.unexpected_state(
            f"This PaymentIntent's status is {intent['status']}; it can be confirmed with one of the following"
            f" statuses: {', '.join(OPEN)}.",
            intent,
        )
    check_email(params.get("receipt_email"), "receipt_email")
    _check_methods(params)
    _check_return(params)
    if params.get("return_url"):
        intent["_return_url"] = params["return_url"]
    if params.get("receipt_email"):
        intent["receipt_email"] = params["receipt_email"]
    named = params.get("payment_method") or intent["payment_method"]
    return _confirm(call, intent, named_method(call.tx, named) if named else None)


def cancel(call: Call) -> Json:
    intent = retrieve(call)
    _refuse_checkouts_own(intent, "cancel")
    if intent["status"] not in OPEN:
        raise errors.unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent"
            f" with one of the following statuses may be canceled: {', '.join(OPEN)}.",
            intent,
        )
    return cancel_intent(call.tx, intent, reason=call.params.get("cancellation_reason"))


def _refuse_checkouts_own(intent: Json, verb: str) -> None:
    """A session's PaymentIntent cannot be confirmed or canceled directly: expire the session instead."""
    if intent.get("_session"):
        raise invalid_request(
            f"You cannot {verb} this PaymentIntent because it was created by Checkout."
            " Expire its Checkout Session instead.",
            stored=True,
        )


def retrieve(call: Call) -> Json:
    # The client secret is accepted for the sake of browsers; a secret key needs none.
    return call.tx.require(call.path["intent"], "payment_intent", param="intent", in_path=True)


def index(call: Call) -> Json:
    supported.only(call.params, "created customer ending_before limit starting_after")
    return lists.page(call.tx, "payment_intent", call.url, call.params)


def update(call: Call) -> Json:
    intent, params = retrieve(call), call.params
    supported.only(params, _UPDATE)
    if set(params) - {"metadata", "description"}:
        _refuse_checkouts_own(intent, "update")
    if set(params) - {"metadata", "description"} and intent["status"] not in OPEN:
        raise errors.unexpected_state(
            "This PaymentIntent's parameters could not be updated because it has a status of "
            f"{intent['status']}. You may only update the parameters of a PaymentIntent with one of the following "
            f"statuses: {', '.join(OPEN)}.",
            intent,
        )
    check_email(params.get("receipt_email"), "receipt_email")
    _check_methods(params)
    _update_amount(intent, params)
    for name in [*_ECHOED.split(), "setup_future_usage", "shipping"]:
        if name in params:
            intent[name] = params[name]
    if params.get("capture_method"):
        intent["capture_method"] = params["capture_method"]
    if params.get("customer"):
        intent["customer"] = call.tx.require(params["customer"], "customer", param="customer")["id"]
    if params.get("payment_method"):
        method = named_method(call.tx, params["payment_method"])
        intent.update(next_action=None, payment_method=method["id"], status="requires_confirmation")
    if "metadata" in params:
        intent["metadata"] = metadata.merged(intent["metadata"], params["metadata"])
    return call.tx.save(intent)


def _update_amount(intent: Json, params: Json) -> None:
    currency = currencies.check_currency(params.get("currency") or intent["currency"], "currency")
    amount = params.get("amount") or intent["amount"]
    if "amount" in params or "currency" in params:
        _check_amount(amount, currency)
    intent.update(amount=amount, currency=currency)
