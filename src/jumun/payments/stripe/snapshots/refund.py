from dataclasses import dataclass
from datetime import datetime
from typing import Self

from jumun.payments.stripe.snapshots.metadata import Metadata
from jumun.payments.stripe.snapshots.reader import Reader

# A refund of a payment method without a way back has none yet: it is under way.
PENDING = "pending"
REFUND_STATUSES = frozenset({PENDING, "requires_action", "succeeded", "canceled", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """A Refund (API reference, "The Refund object"); it says nothing of the mode, test or live."""

    id: str
    # One that we do not know counts as pending: its money may be on its way, and nothing is booked yet.
    status: str
    is_status_known: bool
    amount: int
    currency: str
    payment_intent_id: str
    reason: str
    failure_reason: str
    made_at: datetime | None
    metadata: Metadata

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        refund = Reader(raw)
        status = refund.status("status", default=PENDING)
        is_status_known = status in REFUND_STATUSES
        return cls(
            id=refund.text("id"),
            status=status if is_status_known else PENDING,
            is_status_known=is_status_known,
            amount=refund.integer("amount"),
            currency=refund.currency(),
            payment_intent_id=refund.reference("payment_intent"),
            reason=refund.reported("reason", max_chars=40),
            failure_reason=refund.reported("failure_reason"),
            made_at=refund.shown_moment("created"),
            metadata=Metadata.within(raw),
        )
