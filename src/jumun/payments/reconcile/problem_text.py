"""The words of a report, which is in English: amounts, and why a snapshot is held for staff."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from jumun.audit import shown, shown_by_stripe
from jumun.conf import livemode
from jumun.outbox.lease import storable
from jumun.payments.models import Difference, Payment, QuarantinedSnapshot
from jumun.payments.stripe.snapshots import Metadata

Kind = Difference.Kind
Reason = QuarantinedSnapshot.Reason

# The sum of several amounts must still fit into a column.
AMOUNT_MAX = 2**53

amount_text = partial(shown, language="en")
stripe_amount_text = partial(shown_by_stripe, language="en")

_KINDS: dict[str, str] = {
    Reason.UNKNOWN_ORDER: Kind.PAID_WITHOUT_ORDER,
    Reason.PAID_AFTER_CLOSE: Kind.PAID_AFTER_CLOSE,
    Reason.AMOUNT: Kind.AMOUNT_MISMATCH,
    Reason.CURRENCY: Kind.CURRENCY_MISMATCH,
    Reason.LIVEMODE: Kind.MODE_MISMATCH,
    Reason.SECOND_PAYMENT: Kind.PAYMENT_DOUBLED,
    Reason.FOREIGN_PAYMENT: Kind.PAYMENT_DOUBLED,
    Reason.UNKNOWN_PAYMENT: Kind.REFUND_WITHOUT_PAYMENT,
    Reason.MALFORMED: Kind.MALFORMED,
    Reason.REFUND_FAILED: Kind.REFUND_FAILED,
    Reason.PAYOUT_FAILED: Kind.PAYOUT_FAILED,
    Reason.FRAUD_WARNING: Kind.FRAUD_WARNING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Excerpt:
    """What a held snapshot says. It may have any shape: ``None`` and empty texts stand for what cannot be read."""

    kind: str
    # In Stripe's minor units.
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
        return cls._of(raw if isinstance(raw, dict) else {})

    @classmethod
    def _of(cls, raw: dict[str, Any]) -> Self:
        amount = raw.get("amount_total", raw.get("amount"))
        currency, intent, mode = raw.get("currency"), raw.get("payment_intent"), raw.get("livemode")
        has_amount = isinstance(amount, int) and abs(amount) < AMOUNT_MAX and isinstance(currency, str)
        why = ("failure_message", "failure_reason", "fraud_type", "failure_code")
        return cls(
            kind=_text(raw.get("object")),
            amount=amount if has_amount else None,
            currency=storable(str(currency))[:8].upper() if has_amount else "",
            payment_intent_id=_text(intent.get("id") if isinstance(intent, dict) else intent),
            order_number=Metadata.within(raw).order_number or Metadata.within(intent).order_number,
            status=_text(raw.get("payment_status") or raw.get("status")),
            livemode=mode if isinstance(mode, bool) else None,
            why=_text(next((raw[name] for name in why if raw.get(name)), "")),
        )

    @property
    def amount_text(self) -> str:
        return "an unknown amount" if self.amount is None else stripe_amount_text(self.amount, self.currency)


def _text(value: object) -> str:
    return storable(value)[:255] if isinstance(value, str) else ""


def held_difference(row: QuarantinedSnapshot) -> dict[str, Any]:
    """The fields of a `Difference` that reports a held snapshot."""
    excerpt = _Excerpt.read(row.snapshot)
    return {
        "kind": _KINDS.get(row.reason, Kind.UNDECIDED),
        "object_id": row.object_id,
        "order_number": row.order.number if row.order else excerpt.order_number[:32],
        "problem": _problem(row, excerpt),
        # A refund or a dispute of an unknown order is no further money.
        "amount": excerpt.amount if excerpt.kind == "checkout.session" else None,
        "currency": excerpt.currency,
    }


def _problem(row: QuarantinedSnapshot, excerpt: _Excerpt) -> str:
    """One sentence without the order's number, for which the report has a column."""
    order, payment = row.order, row.payment
    amount = excerpt.amount_text
    intent = f" ({excerpt.payment_intent_id})" if excerpt.payment_intent_id else ""
    why = f" ({excerpt.why})" if excerpt.why else ""
    total = amount_text(order.total_minor, order.currency) if order else ""
    paid = amount_text(payment.amount_minor, payment.currency) if payment else ""
    is_refunded = payment is not None and payment.rejection_reason in Payment.AUTO_REFUNDED
    refunded = ": it is refunded automatically" if is_refunded else ""
    match row.reason:
        case Reason.UNKNOWN_ORDER:
            return f"{amount} at Stripe{intent} for an order that is not here"
        case Reason.AMOUNT | Reason.CURRENCY:
            return f"{amount} at Stripe{intent}, but the order is over {total}"
        case Reason.LIVEMODE:
            made, wanted = _mode(excerpt.livemode), _mode(order.livemode if order else livemode())
            return f"{amount} at Stripe{intent} in {made} mode, but the order is in {wanted} mode"
        case Reason.SECOND_PAYMENT:
            return f"{amount} at Stripe{intent} for an order of {total} that was already paid{refunded}"
        case Reason.PAID_AFTER_CLOSE:
            return f"{amount} at Stripe{intent} for an order of {total} that had ended{refunded}"
        case Reason.NO_PAYMENT:
            return f"Stripe completed the checkout without taking money, but the order is over {total}"
        case Reason.FOREIGN_PAYMENT:
            return f"{amount} at Stripe{intent}, which is the payment of another order"
        case Reason.UNKNOWN_PAYMENT:
            return f"a refund of {amount} at Stripe for a payment{intent} that is not here"
        case Reason.UNKNOWN_STATUS:
            return f"{amount} at Stripe{intent} with a status that this version does not know: {excerpt.status}"
        case Reason.REFUND_FAILED:
            return f"the refund of {amount} of {paid} failed{why}: the customer does not have the money"
        case Reason.PAYOUT_FAILED:
            return f"the bank returned the payout of {amount}{why}"
        case Reason.FRAUD_WARNING:
            return f"the card's issuer reports fraud{why} about the payment of {paid}{intent}"
        case _:
            return "Stripe reports it in a shape that this version cannot read"


def _mode(is_live: bool | None) -> str:
    return "an unknown" if is_live is None else "live" if is_live else "test"
