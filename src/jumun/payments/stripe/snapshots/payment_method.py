from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from jumun.payments.stripe.snapshots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """How a charge was paid, as far as it may be printed, in Stripe's words (API reference, "The Charge object",
    ``payment_method_details``). Any of them may be one that we do not know, or empty.
    """

    type: str
    # The wallet that held the card, such as ``apple_pay``.
    wallet: str
    # Of the card, or the last four digits of the bank account.
    brand: str
    last4: str

    @classmethod
    def of_charge(cls, charge: Reader | None) -> Self | None:
        """How a charge that went through was paid; a declined one tells nothing of the payment. Never raises."""
        if charge is None or charge.reported("status") != "succeeded":
            return None
        details = charge.child("payment_method_details")
        if details is None:
            return None
        kind = details.reported("type")
        holders = list(_holders(details.child(kind)))
        wallet = holders[0].child("wallet") if holders else None
        return cls(
            type=kind[:40],
            wallet=wallet.reported("type", max_chars=40) if wallet else "",
            brand=_first(holders, "brand")[:40],
            last4=(_first(holders, "last4") or _first(holders, "iban_last4"))[:4],
        )


def _holders(details: Reader | None) -> Iterator[Reader]:
    """Where brand and last four digits stand: with the method itself, or with the card that it was funded by."""
    funding = details.child("funding") if details else None
    for holder in (details, funding.child("card") if funding else None, details.child("card") if details else None):
        if holder is not None:
            yield holder


def _first(holders: list[Reader], name: str) -> str:
    return next((text for holder in holders if (text := holder.reported(name))), "")
