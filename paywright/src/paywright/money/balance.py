"""Balance transactions. ``net = amount - fee``, always; the balance is their sum."""

from typing import Any

from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction

Json = dict[str, Any]

DAY_S = 86_400
SETTLEMENT_DAYS = 2


def charge_transaction(tx: Transaction, charge: Json, *, available_at_once: bool) -> Json:
    """Insert the balance transaction of a successful charge."""
    fee = tx.fees.of(charge["amount"], charge["currency"])
    return insert_transaction(
        tx,
        source=charge["id"],
        kind="charge",
        category="charge",
        amount=charge["amount"],
        currency=charge["currency"],
        fee=fee,
        fee_description="Stripe processing fees",
        description=charge["description"],
        available_on=tx.now if available_at_once else settled_on(tx.now),
    )


def settled_on(moment: int) -> int:
    """Midnight UTC after the settlement delay."""
    return (moment // DAY_S + SETTLEMENT_DAYS + 1) * DAY_S


def insert_transaction(
    tx: Transaction,
    *,
    source: str,
    kind: str,
    category: str,
    amount: int,
    currency: str,
    available_on: int,
    fee: int = 0,
    fee_description: str = "",
    description: str | None = None,
) -> Json:
    """Insert a balance transaction (minor units, ``available_on`` in seconds UTC) and plan its availability."""
    details = {"amount": fee, "application": None, "currency": currency, "description": fee_description}
    transaction = blank(
        "balance_transaction",
        id=ids.new("txn"),
        amount=amount,
        available_on=available_on,
        balance_type="payments",
        created=tx.now,
        currency=currency,
        description=description,
        fee=fee,
        fee_details=[{**details, "type": "stripe_fee"}] if fee else [],
        net=amount - fee,
        reporting_category=category,
        source=source,
        status="available" if available_on <= tx.now else "pending",
        type=kind,
    )
    del transaction["livemode"]
    tx.insert(transaction)
    if transaction["status"] == "pending":
        tx.later(available_on - tx.now, "make_available", transaction["id"])
    return transaction


def make_available(tx: Transaction, transaction_id: str) -> None:
    """The task at ``available_on``."""
    transaction = tx.get(transaction_id)
    transaction["status"] = "available"
    tx.save(transaction)


def balances(tx: Transaction) -> dict[tuple[str, str], int]:
    """Sums of net amounts by (currency, status), in minor units; read from an index alone."""
    rows = tx.sql.execute(
        "SELECT json_extract(doc, '$.currency'), json_extract(doc, '$.status'), sum(json_extract(doc, '$.net'))"
        " FROM object WHERE kind = 'balance_transaction' GROUP BY 1, 2"
    )
    return {(row[0], row[1]): row[2] for row in rows}
