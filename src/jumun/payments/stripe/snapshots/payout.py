from dataclasses import dataclass
from datetime import datetime
from typing import Self

from jumun.payments.stripe.snapshots.balance_transaction import BalanceTransactionSnapshot, transactions_within
from jumun.payments.stripe.snapshots.reader import Reader, items_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSnapshot:
    """A Payout (API reference, "The Payout object")."""

    id: str
    status: str
    livemode: bool
    amount: int
    currency: str
    automatic: bool
    reconciliation_status: str
    failure_message: str
    arrives_at: datetime
    created_at: datetime
    transactions: tuple[BalanceTransactionSnapshot, ...]
    # Whether it came with all of its balance transactions. Otherwise it came with none.
    is_itemised: bool

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        payout = Reader(raw)
        return cls(
            id=payout.text("id"),
            status=payout.status("status"),
            livemode=payout.flag("livemode"),
            amount=payout.signed("amount"),
            currency=payout.currency(),
            automatic=payout.flag("automatic"),
            reconciliation_status=payout.status("reconciliation_status", default="not_applicable"),
            failure_message=payout.reported("failure_message"),
            arrives_at=payout.moment("arrival_date"),
            created_at=payout.moment("created"),
            transactions=tuple(map(BalanceTransactionSnapshot.parse, transactions_within(raw))),
            is_itemised=bool(items_of(payout.raw.get("balance_transactions"))),
        )
