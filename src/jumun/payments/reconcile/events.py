"""Events that Stripe has made and that never came."""

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
from jumun.payments.reconcile.found import Found
from jumun.payments.webhooks.process import object_of
from jumun.payments.webhooks.receive import store

# Younger ones may still be on their way.
ON_THEIR_WAY = timedelta(minutes=5)

# The listing of these wants a permission of its own, which a restricted key may lack.
ONLY_IN_EVENTS = "radar.early_fraud_warning."


def missing_events(page: list[dict[str, Any]], comparison: Comparison) -> Iterator[Found]:
    """Those of ``page`` that are not in the inbox; with ``repair`` they are put there, for the worker.

    Those so old that they may have been purged there prove nothing. What only an event tells of is compared as well.
    """
    known = set(
        InboxEvent.objects.filter(event_id__in=[event["id"] for event in page]).values_list("event_id", flat=True)
    )
    now = timezone.now()
    kept_since = (now - timedelta(seconds=jumun().finished_work_kept_s)).timestamp()
    latest = (now - ON_THEIR_WAY).timestamp()
    for event in page:
        created = event.get("created")
        if event["id"] in known or not isinstance(created, int) or not kept_since < created < latest:
            continue
        kind, problem = Difference.Kind.EVENT_MISSING, f"{event.get('type')} never came"
        try:
            if comparison.repair:
                store(json.dumps(event).encode())
        except WebhookRefused as refusal:
            yield Found(kind=Difference.Kind.MALFORMED, object_id=event["id"], problem=storable(str(refusal)))
        else:
            yield Found(kind=kind, object_id=event["id"], problem=storable(problem), repaired=comparison.repair)
        if str(event.get("type")).startswith(ONLY_IN_EVENTS):
            yield from comparison.of(object_of(event["type"], event))
