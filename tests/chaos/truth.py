"""What Stripe knows: Paywright's state, read from its file as nobody but a test may."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.chaos.world import World

Json = dict[str, Any]


def _objects(path: Path, kind: str, member: str = "$.object", value: str | None = None) -> Iterator[Json]:
    """All objects of a kind, or those of which one member has that value."""
    query = "SELECT doc FROM object WHERE kind = ? AND json_extract(doc, ?) = ? ORDER BY seq"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        for (text,) in connection.execute(query, (kind, member, kind if value is None else value)):
            yield json.loads(text)


def open_sessions(world: World, reference: str) -> list[str]:
    """The addresses of all sessions in which an order can be paid."""
    sessions = _objects(world.paywright_state, "checkout.session", "$.client_reference_id", reference)
    return [session["url"].partition("#")[0] for session in sessions if session["status"] == "open"]


def payments_of(world: World, reference: str) -> dict[str, int]:
    """The payments of an order that have succeeded, with their amounts."""
    intents = _objects(world.paywright_state, "payment_intent", "$.metadata.order_reference", reference)
    return {intent["id"]: intent["amount_received"] for intent in intents if _is_paid(intent)}


def pending_deliveries(world: World) -> int:
    """Notifications that are on their way or will be tried again."""
    return int(_rows(world.paywright_state, "SELECT count(*) FROM delivery WHERE state = 'pending'")[0][0])


def sessions_of(path: Path) -> set[str]:
    """The ids of all sessions of an account that may not be there."""
    return {str(session["id"]) for session in _objects(path, "checkout.session")} if path.exists() else set()


def last_attempt(path: Path) -> int:
    """The number of the latest attempt to deliver a notification."""
    return int(_rows(path, "SELECT coalesce(max(id), 0) FROM attempt")[0][0])


def answers_since(path: Path, attempt: int) -> Counter[int]:
    """How the attempts after that one were answered; those without an answer do not count."""
    return Counter(
        dict(_rows(path, f"SELECT status, count(*) FROM attempt WHERE id > {attempt} AND status > 0 GROUP BY 1"))
    )


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(query).fetchall()


def _is_paid(intent: Json) -> bool:
    return bool(intent["status"] == "succeeded")


def _reference(intent: Json) -> str:
    return str(intent["metadata"].get("order_reference", ""))


@dataclass(frozen=True)
class Truth:
    """Everything of a run that our books must equal. Amounts are Stripe's minor units."""

    # By PaymentIntent: order reference and amount of those that succeeded.
    payments: dict[str, tuple[str, int]] = field(default_factory=dict)
    # By refund: PaymentIntent, amount, status.
    refunds: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    # By dispute: PaymentIntent, amount, status.
    disputes: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    # By balance transaction: amount, fee, currency, source.
    movements: dict[str, tuple[int, int, str, str]] = field(default_factory=dict)
    # By payout: amount, status.
    payouts: dict[str, tuple[int, str]] = field(default_factory=dict)
    # By session: its status.
    sessions: dict[str, str] = field(default_factory=dict)
    # Events that the store answered with 2xx.
    acknowledged: set[str] = field(default_factory=set)
    deliveries: dict[str, int] = field(default_factory=dict)
    # By refund that the store asked for: what it called it.
    refund_names: dict[str, str] = field(default_factory=dict)
    # By object of whatever kind: the reference of its order.
    owners: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Truth":
        intents = [intent for intent in _objects(path, "payment_intent") if _is_paid(intent)]
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
            answered = connection.execute(
                "SELECT DISTINCT d.event FROM attempt a JOIN delivery d ON d.id = a.delivery"
                " WHERE a.status BETWEEN 200 AND 299"
            )
            acknowledged = {row[0] for row in answered}
            deliveries = dict(connection.execute("SELECT state, count(*) FROM delivery GROUP BY state").fetchall())
        return cls(
            payments={intent["id"]: (_reference(intent), intent["amount_received"]) for intent in intents},
            refunds={
                refund["id"]: (refund["payment_intent"], refund["amount"], refund["status"])
                for refund in _objects(path, "refund")
            },
            sessions={session["id"]: session["status"] for session in _objects(path, "checkout.session")},
            acknowledged=acknowledged,
            deliveries=deliveries,
            disputes={
                dispute["id"]: (dispute["payment_intent"], dispute["amount"], dispute["status"])
                for dispute in _objects(path, "dispute")
            },
            movements={
                row["id"]: (row["amount"], row["fee"], row["currency"].upper(), row["source"])
                for row in _objects(path, "balance_transaction")
            },
            payouts={row["id"]: (row["amount"], row["status"]) for row in _objects(path, "payout")},
            refund_names={
                refund["id"]: refund["metadata"]["refund"]
                for refund in _objects(path, "refund")
                if "refund" in refund["metadata"]
            },
            owners=_owners(path),
        )

    def without(self, orders: set[str]) -> "Truth":
        """What there is of all other orders. The balance moved for all of them."""
        payments = {intent: paid for intent, paid in self.payments.items() if paid[0] not in orders}
        return replace(
            self,
            payments=payments,
            refunds={refund: row for refund, row in self.refunds.items() if row[0] in payments},
            disputes={dispute: row for dispute, row in self.disputes.items() if row[0] in payments},
        )


def _owners(path: Path) -> dict[str, str]:
    """Sessions and payments name their order, and what concerns a payment names that."""
    owners = {session["id"]: session["client_reference_id"] or "" for session in _objects(path, "checkout.session")}
    owners |= {intent["id"]: _reference(intent) for intent in _objects(path, "payment_intent")}
    for kind in ("charge", "refund", "dispute"):
        owners |= {row["id"]: owners.get(row["payment_intent"], "") for row in _objects(path, kind)}
    return owners
