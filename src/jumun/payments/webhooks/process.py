"""What the worker does with one received event."""

import json
from typing import Any

from django.db import transaction

from jumun.errors import MalformedSnapshot
from jumun.outbox.lease import State
from jumun.payments.merge import MERGED_TYPES, join
from jumun.payments.models import InboxEvent
from jumun.payments.stripe.api_version import api_version
from jumun.payments.stripe.snapshots import Reader, is_of_another_account
from jumun.payments.webhooks.incomplete import enqueue_completion, is_of_unknown_payment

FAILED_TYPE = "checkout.session.async_payment_failed"


def process(event: InboxEvent) -> None:
    """Apply the event's object and finish the event in one transaction.

    Nothing waits for a call to Stripe: what the event leaves out is fetched by a job. Raises `MalformedSnapshot` for a
    body without the documented shape, and whatever keeps the database from committing.
    """
    try:
        body = json.loads(event.payload)
        # One that was ignored when it came, and that staff have asked for again.
        if event.type not in MERGED_TYPES or is_of_another_account(Reader(body)):
            event.finish(State.IGNORED)
        else:
            _merge(event, body)
    except RecursionError as error:
        raise MalformedSnapshot("the event is nested too deeply") from error
    except MalformedSnapshot as error:
        raise _naming_versions(error, event) from error


def _merge(event: InboxEvent, body: dict[str, Any]) -> None:
    snapshot = object_of(event.type, body)
    with transaction.atomic():
        order = None if is_of_unknown_payment(snapshot) else join(snapshot, at=event.created_at)
        enqueue_completion(snapshot)
        event.finish(order_id=order and order.pk)


def object_of(event_type: str, body: dict[str, Any]) -> dict[str, Any]:
    """What an event tells of its object. Raises `MalformedSnapshot`."""
    data = body.get("data")
    snapshot = data.get("object") if isinstance(data, dict) else None
    if not isinstance(snapshot, dict):
        raise MalformedSnapshot("the event has no object")
    return _failed(snapshot) if event_type == FAILED_TYPE else snapshot


def _failed(session: dict[str, Any]) -> dict[str, Any]:
    """A bank debit that failed leaves its session complete and unpaid, as it was while the money was on its way: only
    the event's type tells them apart. Stripe need not be asked, so the order can be paid anew at once.
    """
    intent = session.get("payment_intent")
    if not isinstance(intent, str):
        return session
    return session | {"payment_intent": {"id": intent, "status": "requires_payment_method"}}


def _naming_versions(error: MalformedSnapshot, event: InboxEvent) -> MalformedSnapshot:
    """Stripe writes an event in the version of its endpoint. Another than ours is fine while what we read is there."""
    ours = api_version()
    if event.api_version in {"", ours}:
        return error
    return MalformedSnapshot(
        f"{error}. This event is in API version {event.api_version}, and we read {ours}: "
        "give the webhook endpoint that version, and bring in what it tells by `manage.py reconcile --repair`."
    )
