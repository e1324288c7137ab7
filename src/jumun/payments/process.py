"""What the worker does with one received event."""

import json
import logging
from typing import Any

from django.db import transaction

from jumun import money
from jumun.errors import MalformedSnapshot, StripeError
from jumun.payments import gateway
from jumun.payments.merge import apply
from jumun.payments.models import InboxEvent, Payment
from jumun.payments.refund import taken_minor

logger = logging.getLogger("jumun.payments")


def process(event: InboxEvent) -> None:
    """Apply the event's object and finish the event in one transaction.

    Raises `MalformedSnapshot` for a body without the documented shape, whatever keeps the database from
    committing, and `StripeError` where a refund's order can only be learnt from Stripe.
    """
    snapshot = _with_refunds(_with_order(_with_card(_object_of(event))))
    with transaction.atomic():
        event.order = apply(snapshot)
        InboxEvent.objects.filter(pk=event.pk).update(order=event.order)
        event.finish()


def _object_of(event: InboxEvent) -> dict[str, Any]:
    data = json.loads(event.payload).get("data")
    snapshot = data.get("object") if isinstance(data, dict) else None
    if not isinstance(snapshot, dict):
        raise MalformedSnapshot("the event has no object")
    return snapshot


def _with_card(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A paid session's event names its PaymentIntent only by id; fetch it with the card, which the invoice prints.

    What is signed suffices to mark the order paid, so a Stripe that does not answer holds nothing up.
    """
    intent_id = snapshot.get("payment_intent")
    if snapshot.get("object") != "checkout.session" or not isinstance(intent_id, str):
        return snapshot
    if Payment.objects.filter(payment_intent_id=intent_id).exclude(card_last4="").exists():
        return snapshot
    try:
        fetched = gateway.retrieve_session(str(snapshot.get("id")))
    except StripeError:
        logger.warning("the card of %s is not known yet", intent_id, exc_info=True)
        return snapshot
    return snapshot | {"payment_intent": fetched.get("payment_intent") or intent_id}


def _with_order(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A refund tells its payment, which names the order; one that came before its payment did asks Stripe for it."""
    if snapshot.get("object") != "refund":
        return snapshot
    intent_id = snapshot.get("payment_intent")
    if not isinstance(intent_id, str) or Payment.objects.filter(payment_intent_id=intent_id).exists():
        return snapshot
    fetched = gateway.retrieve_refund(str(snapshot.get("id")))
    return snapshot | {"payment_intent": fetched.get("payment_intent") or intent_id}


def _with_refunds(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A charge tells how much of it was refunded, not by what; where that is news, fetch its refunds.

    Each refund has events of its own, so a Stripe that does not answer holds nothing up.
    """
    intent_id = snapshot.get("payment_intent")
    if snapshot.get("object") != "charge" or not snapshot.get("amount_refunded") or not isinstance(intent_id, str):
        return snapshot
    payment = Payment.objects.filter(payment_intent_id=intent_id).first()
    if payment is None or _is_known(payment, snapshot["amount_refunded"]):
        return snapshot
    try:
        return snapshot | {"refunds": {"data": list(gateway.refunds_of(intent_id))}}
    except StripeError:
        logger.warning("the refunds of %s are not known yet", intent_id, exc_info=True)
        return snapshot


def _is_known(payment: Payment, amount_refunded: object) -> bool:
    known = payment.refunds.exclude(refund_id=None)
    return amount_refunded == money.to_stripe(taken_minor(known), payment.currency)
