"""The one road to "paid": `apply` merges a snapshot of a Stripe object into our books.

Signed events, the success page, the expiry of orders and the reconciliation all call it. Every field moves only
forward, so any order of arrival and any repetition end in the same books. Locks are taken in this order: order,
payment, refund or dispute, stock, series.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from jumun.orders.models import Order
from jumun.payments.merge.balance import merge_balance_transaction, merge_payout
from jumun.payments.merge.charge import merge_charge
from jumun.payments.merge.declined import merge_declined
from jumun.payments.merge.dispute import merge_dispute
from jumun.payments.merge.fraud_warning import merge_fraud_warning
from jumun.payments.merge.refund import merge_refund
from jumun.payments.merge.session import merge_session
from jumun.payments.stripe.snapshots import Reader

# The events whose object we merge. All others are stored and ignored.
MERGED_TYPES = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "charge.succeeded",
        "charge.updated",
        "charge.refunded",
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
        "payout.created",
        "payout.updated",
        "payout.paid",
        "payout.canceled",
        "payout.failed",
        "payout.reconciliation_completed",
        "payment_intent.payment_failed",
        "radar.early_fraud_warning.created",
        "radar.early_fraud_warning.updated",
    }
)
# A declined card is recorded on its order's timeline. It moved no money, so the books lack nothing without it.
NOT_IN_THE_BOOKS = frozenset({"payment_intent.payment_failed"})

_MERGERS: dict[str, Callable[[dict[str, Any]], Order | None]] = {
    "charge": merge_charge,
    "refund": merge_refund,
    "dispute": merge_dispute,
    "balance_transaction": merge_balance_transaction,
    "payout": merge_payout,
    "payment_intent": merge_declined,
    "radar.early_fraud_warning": merge_fraud_warning,
}


def is_merged(event: Reader) -> bool:
    """Whether we merge the object of this event. Raises `MalformedSnapshot`.

    Events of an account that is connected to ours (API reference, "The Event object", ``account``) are not merged: that
    money is not ours, whatever order an object names. The owner of that account writes what is in it.
    """
    return event.text("type") in MERGED_TYPES and not event.text("account", default="")


def apply(raw: dict[str, Any], *, at: datetime | None = None) -> Order | None:
    """Merge one Stripe object; return the order that it belongs to, or ``None`` where it is not ours.

    ``at`` is the time of the event that reported a session: an event does not say when the session's charge was made.
    Runs in one transaction, nested in the caller's if there is one. Raises `MalformedSnapshot`.
    """
    with transaction.atomic():
        if raw.get("object") == "checkout.session":
            return merge_session(raw, at=at)
        merge = _MERGERS.get(str(raw.get("object")))
        return merge(raw) if merge else None
