from dataclasses import dataclass
from typing import Self

from jumun.payments.stripe.snapshots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudWarningSnapshot:
    """An early fraud warning (API reference, "The Early Fraud Warning object")."""

    id: str
    livemode: bool
    charge_id: str
    # Empty for a charge without a PaymentIntent, which is another shop's: ours always have one.
    payment_intent_id: str

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        warning = Reader(raw)
        return cls(
            id=warning.text("id"),
            livemode=warning.flag("livemode"),
            charge_id=warning.reference("charge"),
            payment_intent_id=warning.reference("payment_intent"),
        )
