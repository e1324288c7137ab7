"""Money reaches the balance: the balance transaction of a charge, and ``charge.updated`` with it."""

from typing import Any

from paywright.money.balance import charge_transaction
from paywright.payments.cards import CARDS
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]


def settle_charge(tx: Transaction, charge_id: str) -> None:
    """The task some seconds after a successful charge (asynchronous capture)."""
    settle_now(tx, tx.get(charge_id))


def settle_now(tx: Transaction, charge: Json) -> None:
    """Give a successful charge its balance transaction unless it has one; ``charge`` is changed and saved."""
    if charge["balance_transaction"] is not None or charge["status"] != "succeeded":
        return
    tx.forget_task("settle_charge", charge["id"])
    give_balance_transaction(tx, charge)
    events.emit(tx, "charge.updated", charge, previous={"balance_transaction": None})


def give_balance_transaction(tx: Transaction, charge: Json) -> None:
    """Enter a successful charge into the balance, without an event: with synchronous capture it has none of its own."""
    method = tx.find(charge["payment_method"] or "")
    at_once = bool(method and "_number" in method and CARDS[method["_number"]].bypass_pending)
    charge["balance_transaction"] = charge_transaction(tx, charge, available_at_once=at_once)["id"]
    tx.save(charge)
