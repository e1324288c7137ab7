"""A SEPA debit: the bank's answer comes later (test IBANs: https://docs.stripe.com/testing)."""

from typing import Any

from paywright.api import errors
from paywright.payments.charges import pending_charge
from paywright.state.objects import public
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]

SOON_S = 3
LATER_S = 180

IBANS = {
    "AT611904300234573201": (True, SOON_S),
    "AT861904300235473202": (False, SOON_S),
    "AT321904300235473204": (True, LATER_S),
    "AT051904300235473205": (False, LATER_S),
}
"""Test accounts: whether the debit succeeds, and after how many seconds."""


def start_debit(tx: Transaction, intent: Json, method: Json) -> None:
    """Send the debit to the bank: the intent is ``processing``, its charge ``pending``."""
    charge = pending_charge(tx, intent, method)
    intent.update(
        last_payment_error=None,
        latest_charge=charge["id"],
        payment_method=method["id"],
        status="processing",
    )
    tx.save(intent)
    events.emit(tx, "payment_intent.processing", intent)
    events.emit(tx, "charge.pending", charge)
    tx.later(IBANS[method["_iban"]][1], "debit_answered", charge["id"])


def answer_debit(tx: Transaction, charge_id: str) -> tuple[Json, bool]:
    """Record the bank's answer; return the intent and whether it is paid."""
    charge = tx.get(charge_id)
    intent = tx.get(charge["payment_intent"])
    method = tx.get(charge["payment_method"])
    succeeded = IBANS[method["_iban"]][0]
    if succeeded:
        _succeed(tx, intent, charge)
    else:
        _fail(tx, intent, charge, method)
    return intent, succeeded


def _succeed(tx: Transaction, intent: Json, charge: Json) -> None:
    charge.update(paid=True, status="succeeded")
    tx.save(charge)
    events.emit(tx, "charge.succeeded", charge)
    intent.update(amount_received=intent["amount"], status="succeeded")
    tx.save(intent)
    events.emit(tx, "payment_intent.succeeded", intent)


FAILURE = "The transaction can't be processed because your customer's account has insufficient funds."


def _fail(tx: Transaction, intent: Json, charge: Json, method: Json) -> None:
    charge.update(
        amount_captured=0, captured=False, failure_code="insufficient_funds", failure_message=FAILURE, status="failed"
    )
    tx.save(charge)
    events.emit(tx, "charge.failed", charge)
    intent.update(
        last_payment_error={
            "charge": charge["id"],
            "code": "insufficient_funds",
            "doc_url": errors.DOC_URL + "insufficient-funds",
            "message": FAILURE,
            "payment_method": public(method),
            "type": "card_error",
        },
        payment_method=None,
        status="requires_payment_method",
    )
    tx.save(intent)
    events.emit(tx, "payment_intent.payment_failed", intent)
