"""Pay a Checkout Session, as its hosted page does."""

from dataclasses import dataclass
from typing import Any

from paywright.checkout.discounts import redeem
from paywright.checkout.lifecycle import complete
from paywright.payments.confirm import Outcome, authenticate, confirm
from paywright.payments.customers import new_customer
from paywright.payments.intents import cancel_intent, new_intent
from paywright.payments.methods import CardEntry, IbanEntry, new_method
from paywright.state.store import Transaction

Json = dict[str, Any]


@dataclass(frozen=True)
class Paid:
    """How an attempt ended. ``event`` is the id of ``checkout.session.completed``, ``message`` for the buyer."""

    outcome: Outcome
    event: str | None = None
    message: str | None = None
    code: str | None = None


def pay_session(tx: Transaction, session: Json, entry: CardEntry | IbanEntry) -> Paid:
    """Try to pay an open session with the entry of a buyer."""
    return pay_with_method(tx, session, new_method(tx, entry))


def pay_with_method(tx: Transaction, session: Json, method: Json) -> Paid:
    """Try to pay an open session; further attempts reuse its PaymentIntent, which is unverified."""
    _note_buyer(tx, session, method["billing_details"])
    if session["amount_total"] == 0:
        redeem(tx, session)
        if session["payment_intent"]:
            # An earlier attempt made it; then a promotion code reduced the total to zero.
            cancel_intent(tx, tx.get(session["payment_intent"]), reason="automatic")
        return Paid("succeeded", complete(tx, session, payment_status="no_payment_required")["id"])
    intent = _intent(tx, session)
    return _ended(tx, session, intent, confirm(tx, intent, method))


def finish_authentication(tx: Transaction, session: Json, *, passed: bool) -> Paid:
    """End the 3D Secure challenge of a session's payment."""
    intent = tx.get(session["payment_intent"])
    return _ended(tx, session, intent, authenticate(tx, intent, passed=passed))


def _ended(tx: Transaction, session: Json, intent: Json, outcome: Outcome) -> Paid:
    if outcome in ("succeeded", "processing"):
        redeem(tx, session)
        # A delayed method completes the session before it is paid.
        status = "paid" if outcome == "succeeded" else "unpaid"
        return Paid(outcome, complete(tx, session, payment_status=status)["id"])
    tx.save(session)
    if outcome == "requires_action":
        return Paid("requires_action")
    error = intent["last_payment_error"]
    return Paid("declined", message=error["message"], code=error.get("decline_code") or error["code"])


def _intent(tx: Transaction, session: Json) -> Json:
    if session["payment_intent"]:
        return tx.get(session["payment_intent"])
    data = session["_payment_intent_data"]
    intent = new_intent(
        tx,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        description=data.get("description"),
        metadata=data["metadata"],
        payment_method_types=session["payment_method_types"],
        receipt_email=data.get("receipt_email"),
        setup_future_usage=data.get("setup_future_usage"),
        shipping=data.get("shipping"),
        statement_descriptor=data.get("statement_descriptor"),
        statement_descriptor_suffix=data.get("statement_descriptor_suffix"),
        transfer_group=data.get("transfer_group"),
        _session=session["id"],
    )
    session["payment_intent"] = intent["id"]
    return intent


def _note_buyer(tx: Transaction, session: Json, billing: Json) -> None:
    """Store the buyer's entry as ``customer_details``, and create a customer if the session asks for one."""
    address = billing.get("address") or {}
    parts = ("city", "country", "line1", "line2", "postal_code", "state")
    details = {name: billing.get(name) for name in ("email", "name", "phone")}
    session["customer_details"] = {
        "address": {part: address.get(part) for part in parts},
        "business_name": None,
        "individual_name": None,
        "tax_exempt": "none",
        "tax_ids": [],
        **details,
    }
    if session["customer_creation"] == "always" and session["customer"] is None:
        session["customer"] = new_customer(tx, **details)["id"]
