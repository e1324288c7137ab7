"""Balance transactions and payouts: the account's own affairs, which may concern many orders or none."""

from typing import Any

from jumun.errors import MalformedSnapshot
from jumun.orders.models import Order
from jumun.payments.models import BalanceTransaction, Payout, QuarantinedSnapshot
from jumun.payments.stripe.snapshots import PayoutSnapshot, transactions_within


def merge_balance_transaction(raw: dict[str, Any]) -> None:
    BalanceTransaction.mirror([raw])


def mirror_within(order: Order, raws: list[dict[str, Any]]) -> None:
    """Mirror what an object of ``order`` carries. A transaction that cannot be read is set aside alone."""
    readable = []
    for raw in raws:
        try:
            readable.append(BalanceTransaction.from_stripe(raw))
        except MalformedSnapshot:
            reason = QuarantinedSnapshot.Reason.MALFORMED
            QuarantinedSnapshot.keep(
                object_id=str(raw.get("id") or order.number), reason=reason, order=order, snapshot=raw
            )
    BalanceTransaction.write(readable)


def merge_payout(raw: dict[str, Any]) -> None:
    """The payout, and what it is made of where it came with that."""
    snapshot = PayoutSnapshot.parse(raw)
    Payout.join(snapshot)
    if snapshot.status == Payout.Status.FAILED:
        payout = {name: value for name, value in raw.items() if name != "balance_transactions"}
        reason = QuarantinedSnapshot.Reason.PAYOUT_FAILED
        QuarantinedSnapshot.keep(object_id=snapshot.id, reason=reason, order=None, snapshot=payout)
    BalanceTransaction.mirror(transactions_within(raw), payout_id=snapshot.id if snapshot.is_itemised else "")
