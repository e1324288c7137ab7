from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from jumun.payments.stripe.metadata import Metadata
from jumun.payments.stripe.snapshots.balance_transaction import Transactions, read_transactions
from jumun.payments.stripe.snapshots.intent import IntentSnapshot, NestedIntent
from jumun.payments.stripe.snapshots.reader import Reader, read_child

# A refund by a payment method that cannot return money has no status yet: it counts as pending.
PENDING = "pending"
REFUND_STATUSES = frozenset({PENDING, "requires_action", "succeeded", "canceled", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """A Refund (API reference, "The Refund object"). It does not report the mode, test or live."""

    id: str
    # A status that we do not know counts as pending: the money may be on its way, and nothing is booked yet.
    status: str
    is_status_known: bool
    amount: int
    currency: str
    payment_intent_id: str
    intent: NestedIntent
    reason: str
    failure_reason: str
    made_at: datetime | None
    metadata: Metadata
    transactions: Transactions
    # As Stripe sent it, for the quarantine.
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`, but not for an object within."""
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
            intent=read_child(IntentSnapshot.parse, refund, "payment_intent"),
            reason=refund.reported("reason", max_chars=40),
            failure_reason=refund.reported("failure_reason"),
            made_at=refund.shown_moment("created"),
            metadata=Metadata.within(raw),
            transactions=read_transactions(raw),
            raw=refund.raw,
        )
