"""The one road to "paid": a snapshot of Stripe's is joined into our books.

Signed events, the success page, the expiry sweep and the reconciliation all come through `apply`. Everything moves
only forward, so any order of arrival and any repetition end in the same books. Locks are taken in the order order,
payment, refund or dispute, series.
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
# A decline is told on its order's timeline. It moved no money, so that it is missed by nobody's books.
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


def apply(raw: dict[str, Any]) -> Order | None:
    """Join one object of Stripe's; return the order that it belongs to, or ``None`` where it is not ours.

    One transaction, nested in the caller's if there is one. Raises `MalformedSnapshot`.
    """
    with transaction.atomic():
        return join(raw)


def join(raw: dict[str, Any], *, at: datetime | None = None) -> Order | None:
    """`apply` in the caller's transaction, which must be rolled back where this raises.

    ``at`` is when an event told of ``raw``: an event names a payment's charge and does not say when it was made.
    """
    if raw.get("object") == "checkout.session":
        return merge_session(raw, at=at)
    merger = _MERGERS.get(str(raw.get("object")))
    return merger(raw) if merger else None
