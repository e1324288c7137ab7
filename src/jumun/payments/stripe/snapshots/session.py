from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from jumun.payments.stripe.metadata import Metadata, name_of_ours
from jumun.payments.stripe.snapshots.charge import ChargeDetails
from jumun.payments.stripe.snapshots.reader import Reader

STATUSES = frozenset({"open", "complete", "expired"})
PAYMENT_STATUSES = frozenset({"paid", "unpaid", "no_payment_required"})


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
    metadata: Metadata
    payment_intent_id: str
    # Empty where Stripe did not expand the PaymentIntent.
    payment_intent_status: str
    url: str
    expires_at: datetime
    # ``None`` where Stripe did not expand it, as in an event.
    charge: ChargeDetails | None

    @classmethod
    def of_an_order(cls, raw: dict[str, Any]) -> Self | None:
        """The session, or ``None`` where it is certainly another shop's. Raises as `parse`.

        A Stripe account may serve several shops. The sessions of others have no reference at all, or are subscriptions
        and setups, which have references of their own and perhaps no amount.
        """
        is_foreign = not name_of_ours(raw.get("client_reference_id")) or raw.get("mode", "payment") != "payment"
        return None if is_foreign and not Metadata.within(raw).order_reference else cls.parse(raw)

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`, but not for an object within."""
        session = Reader(raw)
        intent = session.child("payment_intent")
        charge = intent.child("latest_charge") if intent else None
        return cls(
            id=session.text("id"),
            status=session.status("status"),
            payment_status=session.status("payment_status"),
            livemode=session.flag("livemode"),
            amount_total=session.integer("amount_total"),
            currency=session.currency(),
            order_reference=name_of_ours(session.raw.get("client_reference_id")),
            metadata=Metadata.within(raw),
            payment_intent_id=session.reference("payment_intent"),
            payment_intent_status=intent.reported("status") if intent else "",
            url=session.link("url"),
            expires_at=session.moment("expires_at"),
            charge=ChargeDetails.read(charge) if charge else None,
        )

    @property
    def is_status_known(self) -> bool:
        return self.status in STATUSES and self.payment_status in PAYMENT_STATUSES

    @property
    def is_complete(self) -> bool:
        return self.status == "complete"

    @property
    def has_failed(self) -> bool:
        """A method that takes days has failed in the end. In an open session these statuses mean "not yet"."""
        ended = self.payment_intent_status in {"requires_payment_method", "canceled"}
        return self.is_complete and not self.is_paid and ended

    @property
    def is_paid(self) -> bool:
        """``no_payment_required`` is Stripe's word for a total that discounts have reduced to zero."""
        return self.is_complete and self.payment_status in {"paid", "no_payment_required"}
