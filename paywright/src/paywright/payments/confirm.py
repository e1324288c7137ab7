"""Confirm a PaymentIntent with a card: authentication, decline or charge (https://docs.stripe.com/payments/paymentintents/lifecycle)."""

from typing import Any, Literal

from paywright.api import errors
from paywright.api.errors import ApiError
from paywright.payments.cards import AUTHENTICATION, CARDS, Card, Decline
from paywright.payments.charges import failed_charge, successful_charge
from paywright.payments.delayed import start_debit
from paywright.payments.disputes import dispute_by_card
from paywright.payments.fraud_warnings import warn
from paywright.payments.settle import give_balance_transaction
from paywright.state.objects import public
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]
Outcome = Literal["succeeded", "declined", "requires_action", "processing"]

SETTLES_AFTER_S = 1
AUTHENTICATION_FAILED = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try again."
)


def confirm(tx: Transaction, intent: Json, method: Json, *, off_session: bool = False) -> Outcome:
    """Try to pay ``intent`` with the payment method; both are changed and saved."""
    if method["type"] == "sepa_debit":
        start_debit(tx, intent, method)
        return "processing"
    card = CARDS[method["_number"]]
    if needs_authentication(card):
        if off_session:
            decline(tx, intent, method, AUTHENTICATION)
            return "declined"
        _ask_for_authentication(tx, intent, method)
        return "requires_action"
    return charge_or_decline(tx, intent, method)


def needs_authentication(card: Card) -> bool:
    """Whether the bank asks for 3D Secure; no card here was set up for later use before."""
    return card.three_d_secure in ("always", "unless_set_up")


def charge_or_decline(tx: Transaction, intent: Json, method: Json) -> Outcome:
    """Charge the card, or record the decline, after any authentication."""
    card = CARDS[method["_number"]]
    if card.decline:
        decline(tx, intent, method, card.decline)
        return "declined"
    _succeed(tx, intent, method, card)
    return "succeeded"


def _succeed(tx: Transaction, intent: Json, method: Json, card: Card) -> None:
    charge = successful_charge(tx, intent, method)
    if intent["capture_method"] == "automatic":
        give_balance_transaction(tx, charge)
    intent.update(
        amount_received=intent["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        next_action=None,
        payment_method=method["id"],
        status="succeeded",
    )
    tx.save(intent)
    events.emit(tx, "charge.succeeded", charge)
    if card.dispute:
        dispute_by_card(tx, charge, card)
    events.emit(tx, "payment_intent.succeeded", intent)
    if card.fraud_warning:
        warn(tx, charge)
    # With asynchronous capture the balance transaction comes later.
    tx.later(SETTLES_AFTER_S, "settle_charge", charge["id"])


def decline(tx: Transaction, intent: Json, method: Json, why: Decline) -> Json:
    """Record a refused attempt: a failed charge, the error on the intent, two events."""
    charge = failed_charge(tx, intent, method, why)
    intent.update(
        last_payment_error=_card_error(why, charge, method),
        latest_charge=charge["id"],
        next_action=None,
        payment_method=None,
        status="requires_payment_method",
    )
    tx.save(intent)
    events.emit(tx, "charge.failed", charge)
    events.emit(tx, "payment_intent.payment_failed", intent)
    return charge


def _card_error(why: Decline, charge: Json, method: Json) -> Json:
    body = {
        "advice_code": "try_again_later",
        "charge": charge["id"],
        "code": why.code,
        "decline_code": why.decline_code,
        "doc_url": errors.DOC_URL + why.code.replace("_", "-"),
        "message": why.message,
        "network_decline_code": "01",
        "payment_method": public(method),
        "type": "card_error",
    }
    if why.code in ("incorrect_cvc", "expired_card"):
        body["param"] = "cvc" if why.code == "incorrect_cvc" else "exp_month"
    return body


def declined_answer(intent: Json) -> ApiError:
    """The 402 that carries the whole PaymentIntent; what the attempt changed is kept."""
    body = {**intent["last_payment_error"], "payment_intent": public(intent)}
    return ApiError(402, body, keeps=True)


def _ask_for_authentication(tx: Transaction, intent: Json, method: Json) -> None:
    page = f"{tx.base_url}/c/3ds/{intent['id']}"
    intent.update(
        next_action={
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": intent.get("_return_url"), "url": page},
        },
        payment_method=method["id"],
        status="requires_action",
    )
    tx.save(intent)
    events.emit(tx, "payment_intent.requires_action", intent)


def authenticate(tx: Transaction, intent: Json, *, passed: bool) -> Outcome:
    """End the 3D Secure challenge of an intent that ``requires_action``."""
    method = tx.get(intent["payment_method"])
    if passed:
        method["_authenticated"] = True
        tx.save(method)
        return charge_or_decline(tx, intent, method)
    intent.update(
        # A failed challenge makes no charge; the code is unverified: docs/fidelity.md.
        last_payment_error={
            "code": "payment_intent_authentication_failure",
            "doc_url": errors.DOC_URL + "payment-intent-authentication-failure",
            "message": AUTHENTICATION_FAILED,
            "payment_method": public(method),
            "type": "invalid_request_error",
        },
        next_action=None,
        payment_method=None,
        status="requires_payment_method",
    )
    tx.save(intent)
    events.emit(tx, "payment_intent.payment_failed", intent)
    return "declined"
