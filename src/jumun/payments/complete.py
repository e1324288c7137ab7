"""What Stripe's events leave out of an object and merging needs is fetched, before the books are locked.

One completion for each type of object; what is complete, or not told of here, stays as it came.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from jumun import money
from jumun.errors import StripeError
from jumun.payments import gateway
from jumun.payments.models import Payment
from jumun.payments.models.refund import taken_minor

logger = logging.getLogger("jumun.payments")

Snapshot = dict[str, Any]


def complete(snapshot: Snapshot) -> Snapshot:
    """The snapshot with what merging needs of it. Must not run in a transaction: it may ask Stripe.

    Raises `StripeError` only where without an answer it could not even be told whose the object is.
    """
    completion = _COMPLETIONS.get(str(snapshot.get("object")))
    return completion(snapshot) if completion else snapshot


def _session_with_card(session: Snapshot) -> Snapshot:
    """A paid session's event names its PaymentIntent only by id; fetch it with the card, which the invoice prints.

    What is signed suffices to mark the order paid, so a Stripe that does not answer holds nothing up.
    """
    intent_id = session.get("payment_intent")
    if not isinstance(intent_id, str) or _payments(intent_id).exclude(card_last4="").exists():
        return session
    try:
        fetched = gateway.retrieve_session(str(session.get("id")))
    except StripeError:
        logger.warning("the card of %s is not known yet", intent_id, exc_info=True)
        return session
    return session | {"payment_intent": fetched.get("payment_intent") or intent_id}


def _refund_with_payment(refund: Snapshot) -> Snapshot:
    """A refund tells its payment, which names the order; one that came before its payment did asks Stripe for it."""
    intent_id = refund.get("payment_intent")
    if not isinstance(intent_id, str) or _payments(intent_id).exists():
        return refund
    fetched = gateway.retrieve_refund(str(refund.get("id")))
    return refund | {"payment_intent": fetched.get("payment_intent") or intent_id}


def _charge_with_refunds(charge: Snapshot) -> Snapshot:
    """A charge tells how much of it was refunded, not by what; where that is news, fetch its refunds.

    Each refund has events of its own, so a Stripe that does not answer holds nothing up.
    """
    intent_id = charge.get("payment_intent")
    if not charge.get("amount_refunded") or not isinstance(intent_id, str):
        return charge
    payment = _payments(intent_id).first()
    if payment is None or _is_known(payment, charge["amount_refunded"]):
        return charge
    try:
        return charge | {"refunds": {"data": list(gateway.refunds_of(intent_id))}}
    except StripeError:
        logger.warning("the refunds of %s are not known yet", intent_id, exc_info=True)
        return charge


_COMPLETIONS: dict[str, Callable[[Snapshot], Snapshot]] = {
    "checkout.session": _session_with_card,
    "charge": _charge_with_refunds,
    "refund": _refund_with_payment,
}


def _payments(payment_intent_id: str) -> QuerySet[Payment]:
    return Payment.objects.filter(payment_intent_id=payment_intent_id)


def _is_known(payment: Payment, amount_refunded: object) -> bool:
    known = payment.refunds.exclude(refund_id=None)
    return amount_refunded == money.to_stripe(taken_minor(known), payment.currency)
