"""Stripe's error bodies (https://docs.stripe.com/api/errors), one function for each kind of refusal.

ApiError carries what the HTTP answer needs. ``stored`` says whether an idempotency key remembers the answer: Stripe
does not remember failed validation (https://docs.stripe.com/api/idempotent_requests). ``keeps`` says whether the
effects so far stay: a decline leaves a failed charge and its events behind.
"""

from typing import Any

from paywright.payments.cards import Decline
from paywright.state.objects import public

Json = dict[str, Any]

DOC_URL = "https://stripe.com/docs/error-codes/"


class ApiError(Exception):
    """An answer other than 200.

    ``status`` is the HTTP status, ``body`` the members of ``{"error": ...}``.
    """

    def __init__(
        self,
        status: int,
        body: Json,
        *,
        stored: bool = True,
        keeps: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(body.get("message", ""))
        self.status = status
        self.body = {name: value for name, value in body.items() if value is not None}
        if self.body.get("code"):
            self.body.setdefault("doc_url", DOC_URL + str(self.body["code"]).replace("_", "-"))
        self.stored = stored
        self.keeps = keeps
        self.headers = headers or {}


def invalid_request(
    message: str, *, code: str | None = None, param: str | None = None, status: int = 400, stored: bool = False
) -> ApiError:
    """A refused parameter; forgotten by idempotency unless ``stored``."""
    body = {"type": "invalid_request_error", "message": message, "code": code, "param": param}
    return ApiError(status, body, stored=stored)


def parameter_unknown(names: list[str]) -> ApiError:
    plural = "s" if len(names) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(names)}"
    return invalid_request(message, code="parameter_unknown", param=names[0])


def method_types_no_longer_supported() -> ApiError:
    """The code of this refusal is documented for PaymentIntents, but not for Checkout."""
    return invalid_request(
        "The parameter payment_method_types is no longer supported as of API version 2026-09-30.endive. Use"
        " allowed_payment_method_types or excluded_payment_method_types, or leave it out.",
        code="payment_method_types_no_longer_supported",
        param="payment_method_types",
    )


def parameter_missing(name: str) -> ApiError:
    return invalid_request(f"Missing required param: {name}.", code="parameter_missing", param=name)


def not_an_integer(name: str, value: str) -> ApiError:
    return invalid_request(f"Invalid integer: {value[:100]}", code="parameter_invalid_integer", param=name)


def too_small(name: str, least: int = 1) -> ApiError:
    message = f"This value must be greater than or equal to {least}."
    return invalid_request(message, code="parameter_invalid_integer", param=name)


def too_large(name: str, most: int) -> ApiError:
    message = f"This value must be less than or equal to {most}."
    return invalid_request(message, code="parameter_invalid_integer", param=name)


def parameter_empty(name: str) -> ApiError:
    message = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
    )
    return invalid_request(message, code="parameter_invalid_empty", param=name)


def no_such(noun: str, identifier: str, *, param: str, in_path: bool = False) -> ApiError:
    """``resource_missing``: 404 for the object the path names, 400 for one a parameter names."""
    return invalid_request(
        f"No such {noun}: '{identifier}'",
        code="resource_missing",
        param=param,
        status=404 if in_path else 400,
        stored=True,
    )


def card_declined(why: Decline, *, charge: str | None = None) -> ApiError:
    """Status 402, without a PaymentIntent. ``charge`` is the id of the failed charge, which stays."""
    body = {
        "type": "card_error",
        "code": why.code,
        "decline_code": why.decline_code or None,
        "message": why.message,
        "charge": charge,
    }
    return ApiError(402, body, keeps=charge is not None)


def unexpected_state(message: str, intent: Json) -> ApiError:
    body = {
        "type": "invalid_request_error",
        "code": "payment_intent_unexpected_state",
        "message": message,
        "payment_intent": public(intent),
    }
    return ApiError(400, body)


def unrecognized_url(method: str, path: str) -> ApiError:
    return invalid_request(f"Unrecognized request URL ({method}: {path}).", status=404)


def no_key() -> ApiError:
    message = (
        "You did not provide an API key. Provide your API key in the Authorization header, using Bearer auth "
        "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
    )
    error = invalid_request(message, status=401)
    error.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    return error


def bad_key(message: str) -> ApiError:
    error = invalid_request(message, status=401)
    error.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    return error


def idempotency_mismatch(key: str) -> ApiError:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(400, {"type": "idempotency_error", "message": message}, stored=False)


def idempotency_in_use(key: str) -> ApiError:
    message = f"There is currently another in-progress request using the idempotency key '{key}'."
    # The type is inferred: docs/fidelity.md.
    body = {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": message}
    return ApiError(409, body, stored=False)


def rate_limit() -> ApiError:
    """Too many requests. The limiter runs before everything else, so no idempotency key remembers its answer."""
    message = "Request rate limit exceeded. Learn more about rate limits here: https://stripe.com/docs/rate-limits."
    return invalid_request(message, code="rate_limit", status=429)


def lock_timeout() -> ApiError:
    """Another request works on the same object. Unverified: docs/fidelity.md."""
    message = (
        "This object cannot be accessed right now because another API request or Stripe process is currently"
        " accessing it."
    )
    error = invalid_request(message, code="lock_timeout", status=429)
    error.headers["Stripe-Should-Retry"] = "true"
    return error


def server_fault(status: int) -> ApiError:
    """A 500 is the result of a request that began executing, so its idempotency key keeps it.

    502 to 504 come from a proxy in front of Stripe's servers, and are not kept.
    """
    message = "An error occurred on Stripe's side (a fault asked for in Paywright)."
    error = ApiError(status, {"type": "api_error", "message": message}, stored=status == 500)
    error.headers["Stripe-Should-Retry"] = "true"
    return error
