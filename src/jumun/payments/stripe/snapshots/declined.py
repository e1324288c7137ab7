from dataclasses import dataclass
from typing import Self

from jumun.payments.stripe.snapshots.metadata import Metadata
from jumun.payments.stripe.snapshots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclinedSnapshot:
    """A PaymentIntent whose last try failed (API reference, "The PaymentIntent object", ``last_payment_error``)."""

    payment_intent_id: str
    # The charge that failed; empty where the customer did not get that far, as with 3-D Secure.
    charge_id: str
    # The issuer's word where there is one, such as ``insufficient_funds``, else Stripe's.
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
