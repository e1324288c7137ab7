from dataclasses import dataclass
from datetime import datetime
from typing import Self

from jumun.payments.stripe.snapshots.balance_transaction import Transactions, read_transactions
from jumun.payments.stripe.snapshots.intent import IntentSnapshot, NestedIntent
from jumun.payments.stripe.snapshots.reader import Reader, items_of, read_child

# The largest number that the column of their count holds.
TRANSACTIONS_MAX = 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeSnapshot:
    """A Dispute (API reference, "The Dispute object"). Its status may be unknown to us: Stripe adds some."""

    id: str
    status: str
    livemode: bool
    amount: int
    currency: str
    # Empty for a charge without a PaymentIntent, which is another shop's: ours always have one.
    payment_intent_id: str
    intent: NestedIntent
    charge_id: str
    reason: str
    is_charge_refundable: bool
    # Until when evidence can be given; ``None`` where none can be given any more.
    due_at: datetime | None
    opened_at: datetime
    # How often its money has moved: withdrawn, reinstated.
    transaction_count: int
    transactions: Transactions

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`, but not for an object within."""
        dispute = Reader(raw)
        details = dispute.child("evidence_details")
        return cls(
            id=dispute.text("id"),
            status=dispute.status("status"),
            livemode=dispute.flag("livemode"),
            amount=dispute.integer("amount"),
            currency=dispute.currency(),
            payment_intent_id=dispute.reference("payment_intent"),
            intent=read_child(IntentSnapshot.parse, dispute, "payment_intent"),
            charge_id=dispute.reference("charge"),
            reason=dispute.reported("reason", max_chars=40),
            is_charge_refundable=dispute.flag("is_charge_refundable"),
            due_at=details.optional_moment("due_by") if details else None,
            opened_at=dispute.moment("created"),
            transaction_count=min(len(items_of(dispute.raw.get("balance_transactions"))), TRANSACTIONS_MAX),
            transactions=read_transactions(raw),
        )
