from dataclasses import dataclass
from typing import Self

from jumun.payments.stripe.metadata import Metadata
from jumun.payments.stripe.snapshots.reader import Reader, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentSnapshot:
    """A PaymentIntent as a refund or dispute carries it, by which we know the order (API reference, "The PaymentIntent
    object").
    """

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


# ``None`` where Stripe did not expand it.
NestedIntent = IntentSnapshot | Unreadable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclinedSnapshot:
    """A PaymentIntent whose last try failed (API reference, "The PaymentIntent object", ``last_payment_error``)."""

    payment_intent_id: str
    # The charge that failed; empty where the customer did not get that far, as with 3-D Secure.
    charge_id: str
    # The issuer's code where there is one, such as ``insufficient_funds``, else Stripe's.
    code: str
    # Stripe's sentence for the customer, in English.
    message: str
    metadata: Metadata

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        intent = Reader(raw)
        error = intent.child("last_payment_error") or Reader({})
        return cls(
            payment_intent_id=intent.text("id"),
            charge_id=error.reported("charge", max_chars=255),
            code=error.reported("decline_code", max_chars=60) or error.reported("code", max_chars=60),
            message=error.reported("message", max_chars=200),
            metadata=Metadata.within(raw),
        )
