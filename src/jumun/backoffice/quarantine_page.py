"""What the page of a snapshot that was set aside tells: what came, what was expected, what staff can do."""

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
    "The order is not paid by this and cannot be made so: only a payment of exactly what was ordered pays it. "
    "Refund the payment; then the customer can pay anew from the order's page, as long as the order waits."
)
_ODD_PART = _(
    "This is a refund or a dispute that does not fit its payment, so it is not in the books. "
    "Look at it at Stripe; a dispute must be answered there in time."
)
_RETURNED = _(
    "The payment goes back to the customer by itself, and they have been told by mail. "
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
        "A refund names an order of ours, but its payment was never heard of. "
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
class Came:
    """What a snapshot of Stripe's says of itself, as far as it says it in a way that we understand."""

    amount: str
    livemode: bool | None
    status: str
    email: str
    payment_intent_id: str
    kind: str

    def advice(self, reason: str) -> "_StrPromise":
        """What staff can do about it. Only a session can fail to pay its order."""
        is_part = self.kind in {"refund", "dispute"}
        return _ODD_PART if is_part and reason in {Reason.AMOUNT, Reason.CURRENCY, Reason.LIVEMODE} else ADVICE[reason]

    @classmethod
    def read(cls, snapshot: str) -> Self:
        """Whatever is in it: it was set aside because it is not as it should be."""
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
    """The row with all that ``user`` may see and do; what may not be done is ``None`` or ``False``."""
    payment = row.payment if user.has_perm("jumun_payments.view_payment") else None
    came = Came.read(row.snapshot)
    return {
        "row": row,
        "order": row.order,
        "came": came,
        "snapshot": markup.source(row.snapshot),
        "payment": payment,
        "at_stripe": payment or _unbooked_payment(came),
        "refunds": payment.refunds.all() if payment else None,
        "owed_minor": owed_minor(row) if payment and user.has_perms(REFUND_PERMISSIONS) else 0,
        "may_see_order": user.has_perm("jumun_orders.view_order"),
        "advice": came.advice(row.reason),
    }


def owed_minor(row: QuarantinedSnapshot) -> int:
    """What of its payment is to go back to the customer on account of this, and is not on its way yet.

    All that is left of money which is not the order's, or which the card's issuer reports as fraud. Of the order's own
    payment, what a refund was over that failed, less what was refunded since. Anything else is no reason to refund.
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


def _unbooked_payment(came: Came) -> Payment | None:
    """A payment that is in no book of ours, only to tell where it can be looked at."""
    if not came.payment_intent_id:
        return None
    return Payment(payment_intent_id=came.payment_intent_id, livemode=bool(came.livemode))
