from dataclasses import dataclass
from typing import Self

from jumun.payments.snapshots.card import Card
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
    card: Card | None

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        charge = Reader(raw)
        metadata = charge.child("metadata")
        return cls(
            id=charge.text("id"),
            has_succeeded=charge.text("status", default="") == "succeeded",
            payment_intent_id=charge.reference("payment_intent"),
            livemode=charge.flag("livemode"),
            amount=charge.integer("amount"),
            currency=charge.text("currency").upper(),
            order_reference=metadata.text("order_reference", default="") if metadata else "",
            card=Card.of_charge(charge),
        )
