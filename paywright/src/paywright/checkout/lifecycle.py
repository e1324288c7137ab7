"""How a Checkout Session ends: completed by a payment, or expired. Terminal states never change."""

from typing import Any

from paywright.payments.delayed import answer_debit
from paywright.payments.intents import cancel_intent
from paywright.payments.settle import settle_now
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]


def complete(tx: Transaction, session: Json, *, payment_status: str) -> Json:
    """Mark an open session complete and announce it."""
    session.update(status="complete", payment_status=payment_status, url=None)
    tx.save(session)
    tx.forget_task("expire_session", session["id"])
    return events.emit(tx, "checkout.session.completed", session)


def expire_session(tx: Transaction, session: Json) -> Json:
    """Expire an open session; a PaymentIntent that was tried and not paid is canceled, which is inferred."""
    session.update(status="expired", url=None)
    tx.save(session)
    tx.forget_task("expire_session", session["id"])
    events.emit(tx, "checkout.session.expired", session)
    if session["payment_intent"]:
        cancel_intent(tx, tx.get(session["payment_intent"]), reason="automatic")
    return session


def expire_in_time(tx: Transaction, session_id: str) -> None:
    """The task at ``expires_at``."""
    session = tx.get(session_id)
    if session["status"] == "open":
        expire_session(tx, session)


def debit_answered(tx: Transaction, charge_id: str) -> None:
    """The task that records the bank's answer to a debit, on the charge and on its completed session."""
    intent, succeeded = answer_debit(tx, charge_id)
    session = tx.find(intent.get("_session") or "")
    if session is not None:
        session["payment_status"] = "paid" if succeeded else "unpaid"
        tx.save(session)
        name = "succeeded" if succeeded else "failed"
        events.emit(tx, f"checkout.session.async_payment_{name}", session)
    settle_now(tx, tx.get(charge_id))
