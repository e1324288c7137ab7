"""Balance transactions and payouts: the account's own affairs, which may concern many orders or none."""

from typing import Any

from jumun.payments.models import BalanceTransaction, Payout
from jumun.payments.snapshots import PayoutSnapshot, transactions_within


def merge_balance_transaction(raw: dict[str, Any]) -> None:
    BalanceTransaction.mirror([raw])


def merge_payout(raw: dict[str, Any]) -> None:
    """The payout, and what it is made of where it came with that."""
    snapshot = PayoutSnapshot.parse(raw)
    Payout.join(snapshot)
    BalanceTransaction.mirror(transactions_within(raw), payout_id=snapshot.id if snapshot.is_itemised else "")
