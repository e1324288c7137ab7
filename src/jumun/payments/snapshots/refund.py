from dataclasses import dataclass
from typing import Self

from jumun.errors import MalformedSnapshot
from jumun.payments.snapshots.reader import Reader

REFUND_STATUSES = frozenset({"pending", "requires_action", "succeeded", "canceled", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """A Refund (API reference, "The Refund object"); it says nothing of the mode, test or live."""

    id: str
    status: str
    amount: int
    currency: str
    payment_intent_id: str
    reason: str
    failure_reason: str
    order_reference: str
    # Which of the sites that share the account has the order; empty where that is not told.
    site: str
    # The row of ours that asked for it.
    refund_pk: str

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`, also for a status that we do not know how to book."""
        refund = Reader(raw)
        metadata = refund.child("metadata")
        # A refund of a payment method without a way back has none yet: it is under way.
        status = refund.text("status", default="pending")
        if status not in REFUND_STATUSES:
            raise MalformedSnapshot(f"{status!r} is no status of a refund")
        return cls(
            id=refund.text("id"),
            status=status,
            amount=refund.integer("amount"),
            currency=refund.text("currency").upper(),
            payment_intent_id=refund.reference("payment_intent"),
            reason=refund.text("reason", default="")[:40],
            failure_reason=refund.text("failure_reason", default=""),
            order_reference=metadata.text("order_reference", default="") if metadata else "",
            site=metadata.text("site", default="") if metadata else "",
            refund_pk=metadata.text("refund", default="") if metadata else "",
        )
