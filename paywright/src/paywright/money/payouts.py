"""Payouts: manual ones of an amount, automatic ones that group the transactions that became available."""

from typing import Any

from orjson import loads

from paywright.api.errors import invalid_request
from paywright.money.balance import DAY_S, insert_transaction
from paywright.money.currencies import PAYOUT_STEP
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]

IN_TRANSIT_AFTER_S = 5
ARRIVES_AFTER_DAYS = 2
AUTOMATIC = "daily"
_UNPAID = (
    "SELECT doc FROM object WHERE kind = 'balance_transaction' AND json_extract(doc, '$._payout') IS NULL"
    " AND json_extract(doc, '$.status') = 'available'"
)
"""The available transactions that no automatic payout has grouped yet. They include manual and returned payouts, so
their sum is the available balance: nothing is paid out twice, and returned money is paid out again."""


def manual_payout(tx: Transaction, *, amount: int, currency: str, available: int, **members: Any) -> Json:
    """Pay out ``amount`` minor units of what is available; raise ApiError when that is less."""
    if amount > available:
        # Code and wording are unverified: docs/fidelity.md.
        raise invalid_request(
            "You have insufficient funds in your Stripe account for this transfer.",
            code="balance_insufficient",
            stored=True,
        )
    return _new_payout(tx, amount, currency, automatic=False, **members)


def daily_payout(tx: Transaction, _: str) -> None:
    """The task at midnight UTC: one payout a currency, then the next day's task."""
    plan_daily(tx)
    grouped: dict[str, list[Json]] = {}
    for (doc,) in tx.sql.execute(_UNPAID).fetchall():
        transaction = loads(doc)
        grouped.setdefault(transaction["currency"], []).append(transaction)
    for currency, transactions in sorted(grouped.items()):
        total = sum(t["net"] for t in transactions)
        left = total % PAYOUT_STEP.get(currency, 1)
        if total - left > 0:
            payout = _new_payout(tx, total - left, currency, automatic=True)
            held = _hold_back(tx, payout, left) if left else []
            for transaction in [*transactions, *held]:
                tx.save({**transaction, "_payout": payout["id"]})


def _hold_back(tx: Transaction, payout: Json, left: int) -> list[Json]:
    """The part that is not a whole unit leaves this payout's group and waits for the next payout.

    Returns what belongs to this group; the balance stays as it is. Inferred: docs/fidelity.md.
    """
    moved = [
        insert_transaction(
            tx,
            source=payout["id"],
            kind=f"payout_minimum_balance_{kind}",
            category=f"payout_minimum_balance_{kind}",
            amount=amount,
            currency=payout["currency"],
            available_on=tx.now,
        )
        for kind, amount in (("hold", -left), ("release", left))
    ]
    return moved[:1]


def plan_daily(tx: Transaction) -> None:
    """Schedule the next automatic payouts for midnight UTC."""
    tx.later((tx.now // DAY_S + 1) * DAY_S - tx.now, "daily_payout", AUTOMATIC)


def _new_payout(tx: Transaction, amount: int, currency: str, *, automatic: bool, **members: Any) -> Json:
    """The amount leaves the available balance at once."""
    payout = blank(
        "payout",
        id=ids.new("po"),
        amount=amount,
        arrival_date=(tx.now // DAY_S + ARRIVES_AFTER_DAYS) * DAY_S,
        automatic=automatic,
        created=tx.now,
        currency=currency,
        description="STRIPE PAYOUT",
        destination=f"ba_1{ids.random_text(23)}",
        metadata={},
        method="standard",
        reconciliation_status="in_progress" if automatic else "not_applicable",
        source_type="card",
        status="pending",
        type="bank_account",
    )
    payout.update(members)
    transaction = insert_transaction(
        tx,
        source=payout["id"],
        kind="payout",
        category="payout",
        amount=-amount,
        currency=currency,
        available_on=tx.now,
        description=payout["description"],
    )
    if automatic:
        tx.save({**transaction, "_payout": payout["id"]})
    payout["balance_transaction"] = transaction["id"]
    tx.insert(payout)
    events.emit(tx, "payout.created", payout)
    tx.later(IN_TRANSIT_AFTER_S, "payout_in_transit", payout["id"])
    return payout


def payout_in_transit(tx: Transaction, payout_id: str) -> None:
    """The task soon after creation."""
    payout = tx.get(payout_id)
    if payout["status"] != "pending":
        return
    payout["status"] = "in_transit"
    tx.save(payout)
    events.emit(tx, "payout.updated", payout, previous={"status": "pending"})
    tx.later(max(1, payout["arrival_date"] - tx.now), "payout_arrives", payout_id)


def payout_arrives(tx: Transaction, payout_id: str) -> None:
    """The task at ``arrival_date``."""
    payout = tx.get(payout_id)
    if payout["status"] != "in_transit":
        return
    payout["status"] = "paid"
    tx.save(payout)
    events.emit(tx, "payout.paid", payout)
    if payout["automatic"]:
        payout["reconciliation_status"] = "completed"
        tx.save(payout)
        events.emit(tx, "payout.reconciliation_completed", payout)


def fail_payout(tx: Transaction, payout: Json) -> Json:
    """The bank sends the money back; this may come after ``paid``."""
    if payout["status"] in ("failed", "canceled"):
        raise invalid_request(f"The payout has already {payout['status']}.", stored=True)
    payout["failure_balance_transaction"] = insert_transaction(
        tx,
        source=payout["id"],
        kind="payout_failure",
        category="payout_reversal",
        amount=payout["amount"],
        currency=payout["currency"],
        available_on=tx.now,
        description="PAYOUT FAILURE",
    )["id"]
    payout.update(
        status="failed",
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
    )
    tx.save(payout)
    events.emit(tx, "payout.failed", payout)
    return payout
