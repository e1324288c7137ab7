"""What a report says of a snapshot that was set aside: both amounts with their currency, the order, the reason."""

import json
from dataclasses import dataclass
from typing import Any, Self

from jumun.conf import livemode
from jumun.outbox.lease import storable
from jumun.payments.amount_text import amount_text, stripe_amount_text
from jumun.payments.models import Payment, QuarantinedSnapshot
from jumun.payments.stripe.snapshots import Metadata

Reason = QuarantinedSnapshot.Reason
# A sum of several of them must still fit into a column.
AMOUNT_MAX = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What can be read of a snapshot, which was set aside because it is not as it should be. ``amount`` is in Stripe's
    minor units; ``None`` and empty texts stand for what it does not say.
    """

    kind: str
    amount: int | None
    currency: str
    payment_intent_id: str
    order_number: str
    status: str
    livemode: bool | None
    why: str

    @classmethod
    def read(cls, snapshot: str) -> Self:
        try:
            raw = json.loads(snapshot)
        except (ValueError, RecursionError):
            raw = None
        return cls.of(raw if isinstance(raw, dict) else {})

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Self:
        """Of an object of Stripe's. Never raises."""
        amount = raw.get("amount_total", raw.get("amount"))
        currency, intent, mode = raw.get("currency"), raw.get("payment_intent"), raw.get("livemode")
        has_amount = isinstance(amount, int) and abs(amount) < AMOUNT_MAX and isinstance(currency, str)
        names = Metadata.within(raw)
        return cls(
            kind=_text(raw.get("object")),
            amount=amount if has_amount else None,
            currency=storable(str(currency))[:8].upper() if has_amount else "",
            payment_intent_id=_text(intent.get("id") if isinstance(intent, dict) else intent),
            order_number=names.order_number or Metadata.within(intent).order_number,
            status=_text(raw.get("payment_status") or raw.get("status")),
            livemode=mode if isinstance(mode, bool) else None,
            why=_text(
                raw.get("failure_message")
                or raw.get("failure_reason")
                or raw.get("fraud_type")
                or raw.get("failure_code")
            ),
        )

    @property
    def amount_text(self) -> str:
        return "an unknown amount" if self.amount is None else stripe_amount_text(self.amount, self.currency)


def _text(value: object) -> str:
    return storable(value)[:255] if isinstance(value, str) else ""


def problem_of(row: QuarantinedSnapshot, told: Told) -> str:
    """One sentence in English, without the order's number, for which the report has a column."""
    order, payment = row.order, row.payment
    intent = f" ({told.payment_intent_id})" if told.payment_intent_id else ""
    over = amount_text(order.total_minor, order.currency) if order else ""
    paid = amount_text(payment.amount_minor, payment.currency) if payment else ""
    match row.reason:
        case Reason.UNKNOWN_ORDER:
            return f"{told.amount_text} at Stripe{intent} for an order that is not here"
        case Reason.AMOUNT | Reason.CURRENCY:
            return f"{told.amount_text} at Stripe{intent}, but the order is over {over}"
        case Reason.LIVEMODE:
            made, wanted = _mode(told.livemode), _mode(order.livemode if order else livemode())
            return f"{told.amount_text} at Stripe{intent} in {made} mode, but the order is of {wanted} mode"
        case Reason.SECOND_PAYMENT:
            return f"{told.amount_text} at Stripe{intent} for an order of {over} that was paid before{_return(payment)}"
        case Reason.PAID_AFTER_CLOSE:
            return f"{told.amount_text} at Stripe{intent} for an order of {over} that had ended{_return(payment)}"
        case Reason.NO_PAYMENT:
            return f"Stripe completed the checkout without taking money, but the order is over {over}"
        case Reason.FOREIGN_PAYMENT:
            return f"{told.amount_text} at Stripe{intent}, which is the payment of another order"
        case Reason.UNKNOWN_PAYMENT:
            return f"a refund of {told.amount_text} at Stripe of a payment{intent} that is not here"
        case Reason.UNKNOWN_STATUS:
            return f"{told.amount_text} at Stripe{intent} with a status that this version does not know: {told.status}"
        case Reason.REFUND_FAILED:
            return (
                f"the refund of {told.amount_text} of {paid} failed{_why(told)}: the customer does not have the money"
            )
        case Reason.PAYOUT_FAILED:
            return f"the payout of {told.amount_text} was returned by the bank{_why(told)}"
        case Reason.FRAUD_WARNING:
            return f"the card's issuer reports fraud{_why(told)} about the payment of {paid}{intent}"
        case _:
            return "Stripe reports it in a shape that this version cannot read"


def _mode(is_live: bool | None) -> str:
    return "an unknown" if is_live is None else "live" if is_live else "test"


def _return(payment: Payment | None) -> str:
    return ": it goes back to the customer" if payment and payment.rejection_reason in Payment.AUTO_REFUNDED else ""


def _why(told: Told) -> str:
    return f" ({told.why})" if told.why else ""
