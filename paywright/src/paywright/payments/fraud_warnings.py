"""Early fraud warnings: what an issuer reports about a charge before any dispute.

The object is not in our copy of Stripe's document; its members are those of the API reference
(https://docs.stripe.com/api/radar/early_fraud_warnings/object).
"""

from typing import Any

from paywright.state import ids
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]

KIND = "radar.early_fraud_warning"


def warn(tx: Transaction, charge: Json) -> Json:
    """Report a successful charge as made with a stolen card."""
    warning = tx.insert(
        {
            "id": ids.new("issfr"),
            "object": KIND,
            "actionable": True,
            "charge": charge["id"],
            "created": tx.now,
            "fraud_type": "made_with_stolen_card",
            "livemode": False,
            "payment_intent": charge["payment_intent"],
        }
    )
    charge["_fraud_warning"] = warning["id"]
    tx.save(charge)
    events.emit(tx, f"{KIND}.created", warning)
    return warning


def answered(tx: Transaction, charge: Json) -> None:
    """Nothing is left to do about a warning once its charge is disputed or wholly refunded."""
    warning = tx.find(charge.get("_fraud_warning") or "")
    if warning is not None and warning["actionable"]:
        warning["actionable"] = False
        tx.save(warning)
        events.emit(tx, f"{KIND}.updated", warning, previous={"actionable": True})
