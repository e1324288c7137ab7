"""What Stripe's CLI calls to pay a session without a browser; not part of the public API."""

from typing import Any

from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.checkout.pay import pay_with_method
from paywright.payments.confirm import declined_answer

Json = dict[str, Any]


def retrieve(call: Call) -> Json:
    return call.tx.require(call.path["session"], "checkout.session", param="session", in_path=True)


def confirm(call: Call) -> Json:
    """Pay an open session with a PaymentMethod."""
    session = retrieve(call)
    if session["status"] != "open":
        raise invalid_request(f"This Checkout Session has a status of `{session['status']}`.", stored=True)
    expected = call.params.get("expected_amount")
    if expected is not None and expected != session["amount_total"]:
        raise invalid_request(
            f"The expected amount {expected} is not the session's total {session['amount_total']}.",
            param="expected_amount",
        )
    method = call.tx.require(call.params["payment_method"], "payment_method", param="payment_method")
    if method["type"] not in session["payment_method_types"]:
        raise invalid_request(f"The session does not offer {method['type']}.", param="payment_method")
    paid = pay_with_method(call.tx, session, method)
    if paid.outcome == "declined":
        raise declined_answer(call.tx.get(session["payment_intent"]))
    return session
