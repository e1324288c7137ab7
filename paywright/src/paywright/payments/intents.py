"""Make and cancel PaymentIntents."""

from typing import Any

from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]


def new_intent(tx: Transaction, *, amount: int, currency: str, **members: Any) -> Json:
    """Insert a PaymentIntent (``amount`` in minor units) that waits for a payment method, and announce it."""
    identifier = ids.new("pi")
    intent = blank("payment_intent", id=identifier, created=tx.now)
    intent.update(
        {
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "capture_method": "automatic_async",
            "client_secret": ids.client_secret(identifier),
            "confirmation_method": "automatic",
            "currency": currency,
            "metadata": {},
            "payment_method_options": _card_options(),
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
        }
    )
    intent.update(members)
    tx.insert(intent)
    events.emit(tx, "payment_intent.created", intent)
    return intent


def _card_options() -> Json:
    return {
        "card": {
            "installments": None,
            "mandate_options": None,
            "network": None,
            "request_three_d_secure": "automatic",
        }
    }


def cancel_intent(tx: Transaction, intent: Json, *, reason: str | None) -> Json:
    """Cancel a PaymentIntent that is not paid."""
    intent.update(status="canceled", canceled_at=tx.now, cancellation_reason=reason, next_action=None)
    tx.save(intent)
    events.emit(tx, "payment_intent.canceled", intent)
    return intent
