from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from jumun.payments.stripe.snapshots.metadata import Metadata
from jumun.payments.stripe.snapshots.payment_method import PaymentMethod
from jumun.payments.stripe.snapshots.reader import Reader

# A card's charge is made and booked within seconds. Those of a bank debit are days apart, and the money comes last.
BOOKED_AT_ONCE = timedelta(hours=1)


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


def charged_at(charge: Reader | None) -> datetime | None:
    """When a charge that went through took the money, by Stripe's clock. Never raises."""
    if charge is None or charge.reported("status") != "succeeded":
        return None
    movement = charge.child("balance_transaction")
    made_at = charge.shown_moment("created")
    booked_at = movement.shown_moment("created") if movement else None
    if made_at and booked_at and booked_at - made_at > BOOKED_AT_ONCE:
        return booked_at
    return made_at
