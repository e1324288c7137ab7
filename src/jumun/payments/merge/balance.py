"""Balance transactions and payouts: movements of the account's balance, which may concern many orders or none."""

from typing import Any

from jumun.orders.models import Order
from jumun.payments.models import BalanceTransaction, Payout, QuarantinedSnapshot
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.stripe.snapshots import BalanceTransactionSnapshot, PayoutSnapshot, Unreadable
from jumun.payments.stripe.snapshots.balance_transaction import Transactions


def merge_balance_transaction(raw: dict[str, Any]) -> None:
    BalanceTransaction.mirror([BalanceTransactionSnapshot.parse(raw)])


def mirror_of_order(order: Order, transactions: Transactions) -> None:
    """Mirror balance transactions within an object of ``order``. One that cannot be read is held for staff alone."""
    readable = []
    for transaction in transactions:
        if isinstance(transaction, Unreadable):
            QuarantinedSnapshot.keep(
                object_id=transaction.id or order.number,
                reason=QuarantineReason.MALFORMED,
                order=order,
                snapshot=transaction.raw,
            )
        else:
            readable.append(transaction)
    BalanceTransaction.mirror(readable)


def merge_payout(raw: dict[str, Any]) -> None:
    """Merge the payout, and the balance transactions that it came with."""
    snapshot = PayoutSnapshot.parse(raw)
    Payout.join(snapshot)
    if snapshot.status == Payout.Status.FAILED:
        payout = {name: value for name, value in raw.items() if name != "balance_transactions"}
        reason = QuarantineReason.PAYOUT_FAILED
        QuarantinedSnapshot.keep(object_id=snapshot.id, reason=reason, order=None, snapshot=payout)
    BalanceTransaction.mirror(snapshot.transactions, payout_id=snapshot.id if snapshot.is_itemised else "")
