from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from jumun.errors import MalformedSnapshot
from jumun.payments.stripe.metadata import Metadata
from jumun.payments.stripe.snapshots.balance_transaction import Transactions, read_transactions
from jumun.payments.stripe.snapshots.reader import Reader, Unreadable, items_of, read_each
from jumun.payments.stripe.snapshots.refund import RefundSnapshot

# Stripe books a card's charge within seconds. A bank debit is booked days after it was made, when the money comes.
BOOKED_AT_ONCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """How a charge was paid, as far as it may be printed, in Stripe's words (API reference, "The Charge object",
    ``payment_method_details``). Any of them may be unknown to us, or empty.
    """

    type: str
    # The wallet that held the card, such as ``apple_pay``.
    wallet: str
    # The card's brand and last four digits, or the last four digits of the bank account.
    brand: str
    last4: str

    @classmethod
    def read(cls, details: Reader) -> Self:
        """Read ``payment_method_details``. Never raises."""
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
    """Where the brand and last four digits may be: the method itself, or the card that funded it."""
    funding = details.child("funding") if details else None
    for holder in (details, funding.child("card") if funding else None, details.child("card") if details else None):
        if holder is not None:
            yield holder


def _first(holders: list[Reader], name: str) -> str:
    return next((text for holder in holders if (text := holder.reported(name))), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeDetails:
    """What a charge reports besides its amount."""

    # Empty, ``None`` and ``None`` unless the charge has succeeded: a declined one says nothing about the payment.
    charge_id: str
    method: PaymentMethod | None
    # When the charge took the money, by Stripe's clock.
    charged_at: datetime | None
    refunds: tuple[RefundSnapshot | Unreadable, ...]
    transactions: Transactions

    @classmethod
    def read(cls, charge: Reader) -> Self:
        """Never raises: a session pays its order, whatever its charge looks like."""
        has_succeeded = charge.reported("status") == "succeeded"
        method = charge.child("payment_method_details")
        return cls(
            charge_id=_id(charge) if has_succeeded else "",
            method=PaymentMethod.read(method) if has_succeeded and method else None,
            charged_at=_charged_at(charge) if has_succeeded else None,
            refunds=read_each(RefundSnapshot.parse, items_of(charge.raw.get("refunds"))),
            transactions=read_transactions(charge.raw),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeSnapshot:
    """A Charge (API reference, "The Charge object")."""

    id: str
    has_succeeded: bool
    payment_intent_id: str
    livemode: bool
    amount: int
    currency: str
    order_reference: str
    details: ChargeDetails

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises `MalformedSnapshot`, but not for an object within."""
        charge = Reader(raw)
        return cls(
            id=charge.text("id"),
            has_succeeded=charge.status("status", default="") == "succeeded",
            payment_intent_id=charge.reference("payment_intent"),
            livemode=charge.flag("livemode"),
            amount=charge.integer("amount"),
            currency=charge.currency(),
            order_reference=Metadata.within(raw).order_reference,
            details=ChargeDetails.read(charge),
        )


def _id(charge: Reader) -> str:
    try:
        return charge.text("id")
    except MalformedSnapshot:
        return ""


def _charged_at(charge: Reader) -> datetime | None:
    transaction = charge.child("balance_transaction")
    made_at = charge.shown_moment("created")
    booked_at = transaction.shown_moment("created") if transaction else None
    if made_at and booked_at and booked_at - made_at > BOOKED_AT_ONCE:
        return booked_at
    return made_at
