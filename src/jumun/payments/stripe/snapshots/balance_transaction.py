from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from jumun.errors import MalformedSnapshot
from jumun.payments.stripe.snapshots.reader import Reader, Unreadable, items_of, read_each


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceTransactionSnapshot:
    """A Balance Transaction (API reference, "The Balance Transaction object"), in the currency that Stripe pays out.

    Its amounts are in Stripe's minor units. They can have fractions of a currency that is charged in whole units only.
    """

    id: str
    type: str
    reporting_category: str
    amount: int
    fee: int
    net: int
    currency: str
    # The charge, refund, dispute or payout that moved the money; empty where no object did.
    source_id: str
    available_at: datetime
    created_at: datetime

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        transaction = Reader(raw)
        snapshot = cls(
            id=transaction.text("id"),
            type=transaction.reported("type", max_chars=60),
            reporting_category=transaction.reported("reporting_category", max_chars=60),
            amount=transaction.signed("amount"),
            fee=transaction.signed("fee"),
            net=transaction.signed("net"),
            currency=transaction.currency(),
            source_id=transaction.reference("source"),
            available_at=transaction.moment("available_on"),
            created_at=transaction.moment("created"),
        )
        if snapshot.net != snapshot.amount - snapshot.fee:
            raise MalformedSnapshot("net is not amount - fee")
        return snapshot


Transactions = tuple[BalanceTransactionSnapshot | Unreadable, ...]


def read_transactions(raw: object) -> Transactions:
    """The balance transactions that an object carries in full."""
    return read_each(BalanceTransactionSnapshot.parse, transactions_within(raw))


def transactions_within(raw: object) -> list[dict[str, Any]]:
    """The raw balance transactions that a charge, refund, dispute or payout carries in full."""
    if not isinstance(raw, dict):
        return []
    single = (raw.get(name) for name in ("balance_transaction", "failure_balance_transaction"))
    return [found for found in (*single, *items_of(raw.get("balance_transactions"))) if isinstance(found, dict)]
