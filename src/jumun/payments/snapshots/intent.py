from dataclasses import dataclass
from typing import Self

from jumun.payments.snapshots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentSnapshot:
    """A PaymentIntent where a refund carries it, to tell whose it is (API reference, "The PaymentIntent object")."""

    id: str
    livemode: bool
    amount: int
    currency: str
    order_reference: str
    # Which of the sites that share the account has the order; empty where that is not told.
    site: str

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        intent = Reader(raw)
        metadata = intent.child("metadata")
        return cls(
            id=intent.text("id"),
            livemode=intent.flag("livemode"),
            amount=intent.integer("amount"),
            currency=intent.text("currency").upper(),
            order_reference=metadata.text("order_reference", default="") if metadata else "",
            site=metadata.text("site", default="") if metadata else "",
        )
