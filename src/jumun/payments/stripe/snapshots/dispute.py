from dataclasses import dataclass
from datetime import datetime
from typing import Self

from jumun.payments.stripe.snapshots.reader import Reader
from jumun.payments.stripe.snapshots.within import items_within

# What the column of their number holds.
TRANSACTIONS_MAX = 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeSnapshot:
    """A Dispute (API reference, "The Dispute object"). Its status may be one that we do not know: Stripe adds some."""

    id: str
    status: str
    livemode: bool
    amount: int
    currency: str
    # Empty for a charge that no PaymentIntent made: another shop's, for ours always has one.
    payment_intent_id: str
    charge_id: str
    reason: str
    is_charge_refundable: bool
    # Until when evidence can be given; ``None`` where there is no more to be said.
    due_at: datetime | None
    opened_at: datetime
    # How often its money has moved: withdrawn, given back.
    transaction_count: int

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        dispute = Reader(raw)
        details = dispute.child("evidence_details")
        return cls(
            id=dispute.text("id"),
            status=dispute.status("status"),
            livemode=dispute.flag("livemode"),
            amount=dispute.integer("amount"),
            currency=dispute.currency(),
            payment_intent_id=dispute.reference("payment_intent"),
            charge_id=dispute.reference("charge"),
            reason=dispute.reported("reason", max_chars=40),
            is_charge_refundable=dispute.flag("is_charge_refundable"),
            due_at=details.optional_moment("due_by") if details else None,
            opened_at=dispute.moment("created"),
            transaction_count=min(len(items_within(raw, "balance_transactions")), TRANSACTIONS_MAX),
        )
