"""Pay a Checkout Session with a card, as its hosted page does (the contract's sections 5 and 7)."""

from dataclasses import dataclass
from typing import Any, Literal

from paywright.cards import Decline
from paywright.checkout.lifecycle import complete
from paywright.payments.confirm import Outcome, authenticate, confirm
from paywright.payments.intents import new_intent
from paywright.payments.methods import CardEntry, new_card_method
from paywright.store import Transaction

Json = dict[str, Any]


@dataclass(frozen=True)
class Paid:
    """How an attempt ended. ``event`` is the id of ``checkout.session.completed``, ``message`` for the buyer."""

    outcome: Literal["succeeded", "declined", "requires_action"]
    event: str | None = None
    message: str | None = None
    code: str | None = None


def pay_session(tx: Transaction, session: Json, entry: CardEntry) -> Paid:
    """Try to pay an open session; further attempts reuse its PaymentIntent (M in the contract)."""
    _note_customer(session, entry.billing)
    if session["amount_total"] == 0:
        return Paid("succeeded", complete(tx, session, payment_status="no_payment_required")["id"])
    intent = _intent(tx, session)
    method = new_card_method(tx, entry)
    return _ended(tx, session, intent, confirm(tx, intent, method))


def finish_authentication(tx: Transaction, session: Json, *, passed: bool) -> Paid:
    """End the 3D Secure challenge of a session's payment."""
    intent = tx.get(session["payment_intent"])
    return _ended(tx, session, intent, authenticate(tx, intent, passed=passed))


def _ended(tx: Transaction, session: Json, intent: Json, outcome: Outcome) -> Paid:
    if outcome == "succeeded":
        return Paid("succeeded", complete(tx, session, payment_status="paid")["id"])
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
        receipt_email=data.get("receipt_email"),
        shipping=data.get("shipping"),
        statement_descriptor=data.get("statement_descriptor"),
        statement_descriptor_suffix=data.get("statement_descriptor_suffix"),
        transfer_group=data.get("transfer_group"),
        _session=session["id"],
    )
    session["payment_intent"] = intent["id"]
    tx.save(session)
    return intent


def _note_customer(session: Json, billing: Json) -> None:
    """What the buyer typed is the session's ``customer_details``."""
    address = billing.get("address") or {}
    parts = ("city", "country", "line1", "line2", "postal_code", "state")
    session["customer_details"] = {
        "address": {part: address.get(part) for part in parts},
        "business_name": None,
        "email": billing.get("email"),
        "individual_name": None,
        "name": billing.get("name"),
        "phone": billing.get("phone"),
        "tax_exempt": "none",
        "tax_ids": [],
    }


def refuse_entry(why: Decline) -> Paid:
    """A card number that no bank would recognise never becomes a payment."""
    return Paid("declined", message=why.message, code=why.code)
