from dataclasses import dataclass
from datetime import datetime
from typing import Self

from jumun.errors import MalformedSnapshot
from jumun.payments.stripe.snapshots.charge import charged_at
from jumun.payments.stripe.snapshots.metadata import Metadata, name_of_ours
from jumun.payments.stripe.snapshots.payment_method import PaymentMethod
from jumun.payments.stripe.snapshots.reader import Reader
from jumun.payments.stripe.snapshots.within import object_within

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
    # Known only where the PaymentIntent is expanded, else empty.
    payment_intent_status: str
    url: str
    expires_at: datetime
    method: PaymentMethod | None
    # Of the charge that went through; empty where it is not expanded.
    charge_id: str
    # When that charge took the money; ``None`` where it is not expanded.
    charged_at: datetime | None

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`, but not for a charge within: the session is what pays the order."""
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
            order_reference=name_of_ours(object_within(raw, "client_reference_id")),
            metadata=Metadata.within(raw),
            payment_intent_id=session.reference("payment_intent"),
            payment_intent_status=intent.reported("status") if intent else "",
            url=session.link("url"),
            expires_at=session.moment("expires_at"),
            method=PaymentMethod.of_charge(charge),
            charge_id=_charge_id(charge),
            charged_at=charged_at(charge),
        )

    @property
    def is_status_known(self) -> bool:
        return self.status in STATUSES and self.payment_status in PAYMENT_STATUSES

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


def _charge_id(charge: Reader | None) -> str:
    if charge is None or charge.reported("status") != "succeeded":
        return ""
    try:
        return charge.text("id")
    except MalformedSnapshot:
        return ""
