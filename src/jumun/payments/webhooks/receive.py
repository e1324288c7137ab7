"""Receive an event: from raw bytes to a durable row, in as few steps as possible."""

import json
import re

from django.db import DatabaseError, InterfaceError, connections, router
from django.utils import timezone

from jumun.conf import stripe_setting
from jumun.db.read_only import is_read_only
from jumun.errors import MalformedSnapshot, WebhookRefused
from jumun.outbox.lease import State
from jumun.payments.merge import is_merged
from jumun.payments.models import InboxEvent
from jumun.payments.stripe.snapshots import Reader
from jumun.payments.webhooks.reception import reception
from jumun.payments.webhooks.signature import verify

EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,240}")
# Types of version 2 may have brackets: "v2.core.account[requirements].updated".
EVENT_TYPE = re.compile(r"[a-z0-9_.\[\]]{1,100}")


def webhook_secrets() -> list[str]:
    """Every live endpoint secret: two while one is being rolled."""
    return [part.strip() for part in stripe_setting("STRIPE_WEBHOOK_SECRET").split(",") if part.strip()]


def receive(payload: bytes, signature: str) -> None:
    """Store a signed event under Stripe's id; a repeated one changes nothing.

    When this returns, the event is committed. Raises `WebhookRefused`, and then nothing has been stored.
    """
    try:
        verify(payload, signature, webhook_secrets())
    except WebhookRefused as refusal:
        if refusal.signed_but:
            reception.refused(refusal.signed_but)
        raise
    store(payload)
    reception.accepted()


def store(payload: bytes) -> None:
    """Store an event that is certainly Stripe's. Raises `WebhookRefused` for a body that is not an event."""
    event = _parse(payload)
    connection = connections[router.db_for_write(InboxEvent)]
    try:
        event.add()
    except (DatabaseError, InterfaceError) as error:
        if connection.in_atomic_block or (connection.is_usable() and not is_read_only(error)):
            raise
        # The connection has broken since the last event, or was opened while the database was read-only.
        connection.close()
        event.add()


def _parse(payload: bytes) -> InboxEvent:
    try:
        text = payload.decode()
        event = Reader(json.loads(text))
        event_id, event_type = event.text("id"), event.text("type")
        if not (EVENT_ID.fullmatch(event_id) and EVENT_TYPE.fullmatch(event_type)):
            raise MalformedSnapshot("id or type does not have Stripe's form")
        # A "thin" event of version 2 names its object and does not contain it. We merge none, but if an endpoint gets
        # them and we answer 4xx, Stripe disables the endpoint.
        is_thin = event.text("object", default="") == "v2.core.event"
        is_ready = not is_thin and is_merged(event)
        return InboxEvent(
            event_id=event_id,
            type=event_type,
            api_version=event.text("api_version", default="")[:40],
            livemode=event.flag("livemode"),
            payload=text,
            created_at=event.iso_moment("created") if is_thin else event.moment("created"),
            state=State.READY if is_ready else State.IGNORED,
            finished_at=None if is_ready else timezone.now(),
        )
    # RecursionError: JSON nested deeper than the parser goes.
    except (ValueError, RecursionError, MalformedSnapshot) as error:
        raise WebhookRefused(f"the body is not an event: {error}") from error
