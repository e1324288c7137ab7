"""Objects inside other objects, where these are expanded."""

from typing import Any


def items_within(raw: object, *path: str) -> list[Any]:
    """The list found below ``raw`` by ``path``; empty where anything on the way is not expanded."""
    found = object_within(raw, *path)
    return found if isinstance(found, list) else []


def object_within(raw: object, *path: str) -> object:
    """What is found below ``raw`` by ``path``, or ``None``."""
    for name in path:
        raw = raw.get(name) if isinstance(raw, dict) else None
    return raw


def refunds_within(raw: object, *path: str) -> list[dict[str, Any]]:
    """The refunds in a charge found below ``raw`` by ``path``; none where anything on the way is not expanded."""
    return [found for found in items_within(raw, *path, "refunds", "data") if isinstance(found, dict)]


def transactions_within(raw: object) -> list[dict[str, Any]]:
    """The balance transactions that a charge, a refund, a dispute or a payout carries in full."""
    single = (object_within(raw, name) for name in ("balance_transaction", "failure_balance_transaction"))
    listed = object_within(raw, "balance_transactions")
    several = listed if isinstance(listed, list) else items_within(listed, "data")
    return [found for found in (*single, *several) if isinstance(found, dict)]
