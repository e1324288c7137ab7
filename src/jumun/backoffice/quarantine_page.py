"""The page of a quarantined snapshot: what Stripe reported, what was expected, and what staff can do."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from django.utils.translation import gettext_lazy as _

from jumun import money
from jumun.backoffice import markup
from jumun.backoffice.refund_page import PERMISSIONS as REFUND_PERMISSIONS
from jumun.orders.masking import masked
from jumun.outbox.lease import storable
from jumun.payments.models import Payment, QuarantinedSnapshot, Refund
from jumun.payments.models.refund import taken_minor
from jumun.templatetags.jumun import stripe_money

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Reason = QuarantinedSnapshot.Reason

_MISMATCH = _(
    "This payment does not settle the order: only a payment of exactly the ordered amount does. "
    "Refund the payment; then the customer can pay again from the order's page, as long as the order waits."
)
_ODD_PART = _(
    "This is a refund or a dispute that does not fit its payment, so it is not in the books. "
    "Look at it at Stripe; a dispute must be answered there in time."
)
_RETURNED = _(
    "The payment is refunded automatically, and a mail was sent to the customer. "
    "There is something to do only if the refund did not succeed: then refund it here or at Stripe."
)
ADVICE: dict[str, "_StrPromise"] = {
    Reason.UNKNOWN_ORDER: _(
        "No order of this shop has that reference. Another shop on the same Stripe account may have taken it; "
        "look at the payment at Stripe and refund it there if it was meant for us."
    ),
    Reason.AMOUNT: _MISMATCH,
    Reason.CURRENCY: _MISMATCH,
    Reason.LIVEMODE: _(
        "Test and live mode are mixed up: check the keys and webhook secrets of this shop. "
        "Real money that was taken for a test order must be refunded at Stripe, with the keys of live mode."
    ),
    Reason.SECOND_PAYMENT: _RETURNED,
    Reason.PAID_AFTER_CLOSE: _RETURNED,
    Reason.NO_PAYMENT: _(
        "Stripe completed the checkout without taking money, so the order is not paid. "
        "Look at Stripe whether a discount or a trial was set there."
    ),
    Reason.FOREIGN_PAYMENT: _(
        "Stripe names a payment that belongs to another order. "
        "Look at the payment at Stripe and ask whoever changed it there."
    ),
    Reason.UNKNOWN_PAYMENT: _(
        "A refund names one of our orders, but its payment is unknown. "
        "Reconcile with Stripe (manage.py reconcile --repair), and look at the refund at Stripe."
    ),
    Reason.UNKNOWN_STATUS: _(
        "Stripe reports a status that this version of Jumun does not know. Nothing is booked because of it. "
        "Look at it at Stripe; update Jumun if there is a newer version."
    ),
    Reason.MALFORMED: _(
        "Stripe reports it in a shape that this version of Jumun cannot read, so it is not in the books. "
        "Look at it at Stripe, and compare the webhook endpoint's API version with ours."
    ),
    Reason.REFUND_FAILED: _(
        "The customer's bank did not take the money, and it is back with us. "
        "Ask the customer for another way, refund again or pay it by bank transfer."
    ),
    Reason.PAYOUT_FAILED: _(
        "The bank returned the payout, and its money is in the balance at Stripe again. "
        "Correct the bank account in Stripe's dashboard; Stripe makes no more payouts to it before that."
    ),
    Reason.FRAUD_WARNING: _(
        "The card's issuer reports that the payment was probably fraudulent, which often ends in a dispute. "
        "Do not deliver before you have made sure of the customer; a full refund now avoids the dispute and its fee."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The parts of a quarantined snapshot that could be read."""

    amount: str
    livemode: bool | None
    status: str
    email: str
    payment_intent_id: str
    kind: str

    def advice(self, reason: str) -> "_StrPromise":
        """What staff can do. A refund or dispute never pays an order, so a mismatch has other advice there."""
        is_part = self.kind in {"refund", "dispute"}
        return _ODD_PART if is_part and reason in {Reason.AMOUNT, Reason.CURRENCY, Reason.LIVEMODE} else ADVICE[reason]

    @classmethod
    def read(cls, snapshot: str) -> Self:
        """Never raises: a quarantined snapshot may contain anything."""
        try:
            raw = json.loads(snapshot)
        except (ValueError, RecursionError):
            raw = None
        raw = raw if isinstance(raw, dict) else {}
        intent = raw.get("payment_intent")
        details = raw.get("customer_details")
        email = details.get("email") if isinstance(details, dict) else None
        livemode = raw.get("livemode")
        return cls(
            amount=_amount(raw.get("amount_total", raw.get("amount")), raw.get("currency")),
            livemode=livemode if isinstance(livemode, bool) else None,
            status=_text(raw.get("payment_status") or raw.get("status") or raw.get("fraud_type")),
            email=_text(email or raw.get("customer_email")),
            payment_intent_id=_text(intent.get("id") if isinstance(intent, dict) else intent),
            kind=_text(raw.get("object")),
        )


def _text(value: object) -> str:
    return masked(storable(str(value or "")))


def _amount(amount: object, currency: object) -> str:
    if not isinstance(amount, int) or abs(amount) > money.AMOUNT_MINOR_MAX or not isinstance(currency, str):
        return ""
    return stripe_money(amount, storable(currency))


def quarantine_context(row: QuarantinedSnapshot, user: Any) -> dict[str, Any]:
    """The row with everything that ``user`` may see and do; the rest is ``None`` or ``False``."""
    payment = row.payment if user.has_perm("jumun_payments.view_payment") else None
    reported = Reported.read(row.snapshot)
    return {
        "row": row,
        "order": row.order,
        "reported": reported,
        "snapshot": markup.source(row.snapshot),
        "payment": payment,
        "at_stripe": payment or _unbooked_payment(reported),
        "refunds": payment.refunds.all() if payment else None,
        "owed_minor": owed_minor(row) if payment and user.has_perms(REFUND_PERMISSIONS) else 0,
        "may_see_order": user.has_perm("jumun_orders.view_order"),
        "advice": reported.advice(row.reason),
    }


def owed_minor(row: QuarantinedSnapshot) -> int:
    """How much of its payment should be refunded because of this row, and is not being refunded yet.

    The full rest of a payment that does not settle its order or that the card's issuer reports as fraud. For a failed
    refund, its amount minus later refunds. Otherwise 0.
    """
    payment = row.payment
    if payment is None or row.reason == Reason.FOREIGN_PAYMENT:
        return 0
    if payment.rejection_reason or row.reason == Reason.FRAUD_WARNING:
        return payment.refundable_minor
    failed = payment.refunds.filter(refund_id=row.object_id, status=Refund.Status.FAILED).first()
    if row.reason != Reason.REFUND_FAILED or failed is None:
        return 0
    since_minor = taken_minor(payment.refunds.filter(created_at__gt=row.created_at))
    return max(0, min(failed.amount_minor - since_minor, payment.refundable_minor))


def _unbooked_payment(reported: Reported) -> Payment | None:
    """A payment that is not in our books, only for its link to Stripe."""
    if not reported.payment_intent_id:
        return None
    return Payment(payment_intent_id=reported.payment_intent_id, livemode=bool(reported.livemode))
