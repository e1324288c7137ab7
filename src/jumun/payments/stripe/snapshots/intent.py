from dataclasses import dataclass
from typing import Self

from jumun.payments.stripe.snapshots.metadata import Metadata
from jumun.payments.stripe.snapshots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentSnapshot:
    """A PaymentIntent where a refund carries it, to tell whose it is (API reference, "The PaymentIntent object")."""

    id: str
    livemode: bool
    amount: int
    currency: str
    metadata: Metadata

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        intent = Reader(raw)
        return cls(
            id=intent.text("id"),
            livemode=intent.flag("livemode"),
            amount=intent.integer("amount"),
            currency=intent.currency(),
            metadata=Metadata.within(raw),
        )
