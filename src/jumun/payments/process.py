"""What the worker does with one received event."""

import json
import logging
from typing import Any

from django.db import transaction

from jumun.errors import MalformedSnapshot, StripeError
from jumun.payments import gateway
from jumun.payments.merge import apply
from jumun.payments.models import InboxEvent, Payment

logger = logging.getLogger("jumun.payments")


def process(event: InboxEvent) -> None:
    """Apply the event's object and finish the event in one transaction.

    Raises `MalformedSnapshot` for a body without the documented shape, and whatever keeps the database from
    committing.
    """
    snapshot = _with_card(_object_of(event))
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
