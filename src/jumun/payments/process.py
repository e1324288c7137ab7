"""What the worker does with one received event."""

import json
from typing import Any

from django.db import transaction

from jumun.errors import MalformedSnapshot
from jumun.payments.complete import complete
from jumun.payments.merge import apply
from jumun.payments.models import InboxEvent


def process(event: InboxEvent) -> None:
    """Apply the event's object and finish the event in one transaction.

    Raises `MalformedSnapshot` for a body without the documented shape, whatever keeps the database from
    committing, and `StripeError` where the object's order can only be learnt from Stripe.
    """
    snapshot = complete(_object_of(event))
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
