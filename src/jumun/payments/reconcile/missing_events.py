"""Events that Stripe has made and that did not reach the inbox."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from jumun.conf import jumun
from jumun.errors import WebhookRefused
from jumun.outbox.lease import storable
from jumun.payments.models import Difference, InboxEvent
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.webhooks.process import object_of
from jumun.payments.webhooks.receive import store

Kind = Difference.Kind

# Younger events may still be on their way.
DELIVERY_TIME = timedelta(minutes=5)

# Listing these objects needs a permission of its own, which a restricted key may lack, so their events are compared.
COMPARED_BY_EVENT = "radar.early_fraud_warning."


def missing_events(page: list[dict[str, Any]], comparison: Comparison) -> Iterator[Difference]:
    """Events of ``page`` that the inbox lacks. With ``repair`` they are stored there, for the worker to process.

    Older events than the inbox keeps are passed over: they may have been purged.
    """
    event_ids = [event["id"] for event in page]
    known = set(InboxEvent.objects.filter(event_id__in=event_ids).values_list("event_id", flat=True))
    now = timezone.now()
    kept_since = (now - timedelta(seconds=jumun().finished_work_kept_s)).timestamp()
    latest = (now - DELIVERY_TIME).timestamp()
    for event in page:
        created = event.get("created")
        if event["id"] in known or not isinstance(created, int) or not kept_since < created < latest:
            continue
        try:
            if comparison.repair:
                store(json.dumps(event).encode())
        except WebhookRefused as refusal:
            yield Difference(kind=Kind.MALFORMED, object_id=event["id"], problem=storable(str(refusal)))
        else:
            problem = storable(f"{event.get('type')} was not received")
            yield Difference(
                kind=Kind.EVENT_MISSING, object_id=event["id"], problem=problem, repaired=comparison.repair
            )
        if str(event.get("type")).startswith(COMPARED_BY_EVENT):
            yield from comparison.of(object_of(event["type"], event))
