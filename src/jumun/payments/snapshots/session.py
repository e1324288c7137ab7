from dataclasses import dataclass
from datetime import datetime
from typing import Self

from jumun.payments.snapshots.card import Card
from jumun.payments.snapshots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSnapshot:
    """A Checkout Session (API reference, "The Checkout Session object")."""

    id: str
    status: str
    payment_status: str
    livemode: bool
    amount_total: int
    currency: str
    order_reference: str
    # Which of the sites that share the account has the order; empty where that is not told.
    site: str
    checkout_id: str
    payment_intent_id: str
    # Known only where the PaymentIntent is expanded, else empty.
    payment_intent_status: str
    url: str
    expires_at: datetime
    card: Card | None
    # Of the charge that went through; empty where it is not expanded.
    charge_id: str

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        session = Reader(raw)
        metadata = session.child("metadata")
        intent = session.child("payment_intent")
        charge = intent.child("latest_charge") if intent else None
        has_succeeded = charge is not None and charge.text("status", default="") == "succeeded"
        return cls(
            id=session.text("id"),
            status=session.text("status"),
            payment_status=session.text("payment_status"),
            livemode=session.flag("livemode"),
            amount_total=session.integer("amount_total"),
            currency=session.text("currency").upper(),
            order_reference=session.text("client_reference_id", default=""),
            site=metadata.text("site", default="") if metadata else "",
            checkout_id=metadata.text("checkout", default="") if metadata else "",
            payment_intent_id=session.reference("payment_intent"),
            payment_intent_status=intent.text("status", default="") if intent else "",
            url=session.link("url"),
            expires_at=session.moment("expires_at"),
            card=Card.of_charge(charge),
            charge_id=charge.text("id") if charge and has_succeeded else "",
        )

    @property
    def is_complete(self) -> bool:
        return self.status == "complete"

    @property
    def has_failed(self) -> bool:
        """A method that takes days was refused in the end. In a session still open these statuses mean: not yet."""
        ended = self.payment_intent_status in {"requires_payment_method", "canceled"}
        return self.is_complete and not self.is_paid and ended

    @property
    def is_paid(self) -> bool:
        """``no_payment_required`` is Stripe's word for a total that discounts brought to zero."""
        return self.is_complete and self.payment_status in {"paid", "no_payment_required"}
