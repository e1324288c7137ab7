"""Stripe's objects as we read them: checked shapes of the few fields that count, nothing else of them.

A field of another type than Stripe documents raises `MalformedSnapshot`: money is never moved on a guess.
Amounts are in Stripe's minor units, currency codes in upper case.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from jumun.errors import MalformedSnapshot

ID_MAX_CHARS = 255


class Reader:
    """Reads typed fields out of an untrusted JSON object."""

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, dict):
            raise MalformedSnapshot("expected an object")
        self._raw: dict[str, Any] = raw

    def text(self, name: str, *, default: str | None = None) -> str:
        value = self._raw.get(name)
        if value is None and default is not None:
            return default
        # Lone surrogates and NUL cannot be stored in PostgreSQL, and no id of Stripe's has them.
        if not isinstance(value, str) or len(value) > ID_MAX_CHARS or not value.isprintable():
            raise MalformedSnapshot(f"{name} is no short text")
        return value

    def integer(self, name: str) -> int:
        value = self._raw.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
            raise MalformedSnapshot(f"{name} is no whole number")
        return value

    def flag(self, name: str) -> bool:
        value = self._raw.get(name)
        if not isinstance(value, bool):
            raise MalformedSnapshot(f"{name} is neither true nor false")
        return value

    def moment(self, name: str) -> datetime:
        try:
            return datetime.fromtimestamp(self.integer(name), UTC)
        except (OverflowError, ValueError, OSError) as error:
            raise MalformedSnapshot(f"{name} is no time") from error

    def iso_moment(self, name: str) -> datetime:
        """A time as version 2 of Stripe's API writes it: ``2026-11-23T19:41:17.000Z``."""
        try:
            return datetime.fromisoformat(self.text(name)).astimezone(UTC)
        except (OverflowError, ValueError, OSError) as error:
            raise MalformedSnapshot(f"{name} is no time") from error

    def link(self, name: str) -> str:
        """A URL, or empty; hosted pages have long ones."""
        value = self._raw.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > 5000 or not value.isprintable():
            raise MalformedSnapshot(f"{name} is no URL")
        return value

    def reference(self, name: str) -> str:
        """The id of another object, which Stripe gives bare or expanded; empty where there is none."""
        value = self._raw.get(name)
        if isinstance(value, dict):
            return Reader(value).text("id")
        return self.text(name, default="")

    def child(self, name: str) -> "Reader | None":
        """Another object where it is expanded, else ``None``."""
        value = self._raw.get(name)
        return Reader(value) if isinstance(value, dict) else None


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
    checkout_id: str
    payment_intent_id: str
    # Known only where the PaymentIntent is expanded, else empty.
    payment_intent_status: str
    url: str
    expires_at: datetime
    card: Card | None

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        session = Reader(raw)
        metadata = session.child("metadata")
        intent = session.child("payment_intent")
        return cls(
            id=session.text("id"),
            status=session.text("status"),
            payment_status=session.text("payment_status"),
            livemode=session.flag("livemode"),
            amount_total=session.integer("amount_total"),
            currency=session.text("currency").upper(),
            order_reference=session.text("client_reference_id", default=""),
            checkout_id=metadata.text("checkout", default="") if metadata else "",
            payment_intent_id=session.reference("payment_intent"),
            payment_intent_status=intent.text("status", default="") if intent else "",
            url=session.link("url"),
            expires_at=session.moment("expires_at"),
            card=Card.of_charge(intent.child("latest_charge")) if intent else None,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeSnapshot:
    """A Charge (API reference, "The Charge object"); only those that went through are of interest."""

    payment_intent_id: str
    livemode: bool
    amount: int
    currency: str
    order_reference: str
    card: Card | None

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`."""
        charge = Reader(raw)
        metadata = charge.child("metadata")
        return cls(
            payment_intent_id=charge.reference("payment_intent"),
            livemode=charge.flag("livemode"),
            amount=charge.integer("amount"),
            currency=charge.text("currency").upper(),
            order_reference=metadata.text("order_reference", default="") if metadata else "",
            card=Card.of_charge(charge),
        )


REFUND_STATUSES = frozenset({"pending", "requires_action", "succeeded", "canceled", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """A Refund (API reference, "The Refund object"); it says nothing of the mode, test or live."""

    id: str
    status: str
    amount: int
    currency: str
    payment_intent_id: str
    reason: str
    failure_reason: str
    order_reference: str
    # The row of ours that asked for it.
    refund_pk: str

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`, also for a status that we do not know how to book."""
        refund = Reader(raw)
        metadata = refund.child("metadata")
        # A refund of a payment method without a way back has none yet: it is under way.
        status = refund.text("status", default="pending")
        if status not in REFUND_STATUSES:
            raise MalformedSnapshot(f"{status!r} is no status of a refund")
        return cls(
            id=refund.text("id"),
            status=status,
            amount=refund.integer("amount"),
            currency=refund.text("currency").upper(),
            payment_intent_id=refund.reference("payment_intent"),
            reason=refund.text("reason", default="")[:40],
            failure_reason=refund.text("failure_reason", default=""),
            order_reference=metadata.text("order_reference", default="") if metadata else "",
            refund_pk=metadata.text("refund", default="") if metadata else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentSnapshot:
    """A PaymentIntent where a refund carries it, to tell whose it is (API reference, "The PaymentIntent object")."""

    id: str
    livemode: bool
    amount: int
    currency: str
    order_reference: str

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
        )


def refunds_within(raw: object, *path: str) -> list[Any]:
    """The refunds in a charge found below ``raw`` by ``path``; none where anything on the way is not expanded."""
    for name in (*path, "refunds", "data"):
        raw = raw.get(name) if isinstance(raw, dict) else None
    return raw if isinstance(raw, list) else []
