from dataclasses import dataclass
from typing import Self

from jumun.payments.snapshots.metadata import Metadata
from jumun.payments.snapshots.payment_method import PaymentMethod
from jumun.payments.snapshots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeSnapshot:
    """A Charge (API reference, "The Charge object"); only those that went through are of interest."""

    id: str
    has_succeeded: bool
    payment_intent_id: str
    livemode: bool
    amount: int
    currency: str
    order_reference: str
    method: PaymentMethod | None

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        charge = Reader(raw)
        return cls(
            id=charge.text("id"),
            has_succeeded=charge.status("status", default="") == "succeeded",
            payment_intent_id=charge.reference("payment_intent"),
            livemode=charge.flag("livemode"),
            amount=charge.integer("amount"),
            currency=charge.currency(),
            order_reference=Metadata.within(raw).order_reference,
            method=PaymentMethod.of_charge(charge),
        )
