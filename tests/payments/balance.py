"""What Stripe says of its balance: transactions and payouts."""

from typing import Any


def movement(transaction_id: str, amount: int, *, source: str, category: str, fee: int = 0) -> dict[str, Any]:
    """A balance transaction in won."""
    return {
        "id": transaction_id,
        "object": "balance_transaction",
        "type": "adjustment" if category.startswith("dispute") else category,
        "reporting_category": category,
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "currency": "krw",
        "source": source,
        "available_on": 1_700_000_000,
        "created": 1_700_000_000,
    }


def payout_of(**changes: Any) -> dict[str, Any]:
    """A payout of 9,500 won."""
    return {
        "id": "po_1",
        "object": "payout",
        "status": "pending",
        "livemode": False,
        "amount": 9_500,
        "currency": "krw",
        "automatic": True,
        "reconciliation_status": "in_progress",
        "failure_message": None,
        "arrival_date": 1_700_086_400,
        "created": 1_700_000_000,
    } | changes


def movements() -> dict[str, Any]:
    """A payout's transactions as Stripe lists them, its own among them."""
    return {
        "data": [
            movement("txn_1", 10_000, source="ch_1", category="charge", fee=500),
            movement("txn_2", -9_500, source="po_1", category="payout"),
        ]
    }
