from dataclasses import dataclass

from jumun.payments.models import Difference, QuarantinedSnapshot
from jumun.payments.reconcile.set_aside import Told, problem_of

Kind = Difference.Kind
Reason = QuarantinedSnapshot.Reason

KINDS: dict[str, str] = {
    Reason.UNKNOWN_ORDER: Kind.PAID_WITHOUT_ORDER,
    Reason.PAID_AFTER_CLOSE: Kind.PAID_AFTER_CLOSE,
    Reason.AMOUNT: Kind.AMOUNT_MISMATCH,
    Reason.CURRENCY: Kind.CURRENCY_MISMATCH,
    Reason.LIVEMODE: Kind.MODE_MISMATCH,
    Reason.SECOND_PAYMENT: Kind.PAYMENT_DOUBLED,
    Reason.FOREIGN_PAYMENT: Kind.PAYMENT_DOUBLED,
    Reason.UNKNOWN_PAYMENT: Kind.REFUND_WITHOUT_PAYMENT,
    Reason.MALFORMED: Kind.MALFORMED,
    Reason.REFUND_FAILED: Kind.REFUND_FAILED,
    Reason.PAYOUT_FAILED: Kind.PAYOUT_FAILED,
    Reason.FRAUD_WARNING: Kind.FRAUD_WARNING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One difference, on its way into the report. ``amount`` is in Stripe's minor units, where one is to be summed."""

    kind: str
    object_id: str
    order_number: str = ""
    problem: str
    repaired: bool = False
    amount: int | None = None
    currency: str = ""

    @classmethod
    def waiting(cls, row: QuarantinedSnapshot) -> "Found":
        """A snapshot that waits for staff."""
        told = Told.read(row.snapshot)
        return cls(
            kind=KINDS.get(row.reason, Kind.UNDECIDED),
            object_id=row.object_id,
            order_number=row.order.number if row.order else told.order_number[:32],
            problem=problem_of(row, told),
            # A refund or a dispute of an order that is not here is no more money for it.
            amount=told.amount if told.kind == "checkout.session" else None,
            currency=told.currency,
        )
