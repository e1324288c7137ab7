from dataclasses import dataclass
from typing import Self

from jumun.payments.snapshots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The card that paid, as far as it may be printed."""

    brand: str
    last4: str

    @classmethod
    def of_charge(cls, charge: Reader | None) -> Self | None:
        """The card of a charge that went through; a declined one says nothing about the payment."""
        if charge is None or charge.text("status", default="") != "succeeded":
            return None
        details = charge.child("payment_method_details")
        card = details.child("card") if details else None
        if card is None:
            return None
        return cls(brand=card.text("brand", default="")[:20], last4=card.text("last4", default="")[:4])
