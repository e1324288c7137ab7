"""Events: read only, 30 days back (https://docs.stripe.com/webhooks/process-undelivered-events)."""

from typing import Any

from paywright.api import errors, lists
from paywright.api.call import Call
from paywright.api.errors import invalid_request
from paywright.webhooks.events import enabled_endpoints, plan_delivery, with_pending

Json = dict[str, Any]

TYPES_MAX = 20
REACH_S = 30 * 86_400
_UNDELIVERED = (
    "{}EXISTS (SELECT 1 FROM delivery WHERE delivery.event = object.id AND delivery.state != 'succeeded' AND 1 = ?)"
)


def retrieve(call: Call) -> Json:
    event = call.tx.require(call.path["id"], "event", param="id", in_path=True)
    if event["created"] <= call.tx.now - REACH_S:
        raise errors.no_such("event", event["id"], param="id", in_path=True)
    return with_pending(call.tx, event)


def index(call: Call) -> Json:
    params = dict(call.params)
    where: list[tuple[str, Any]] = [("created > ?", call.tx.now - REACH_S)]
    where += _types(params.pop("type", None), params.pop("types", None))
    if "delivery_success" in params:
        wanted = "NOT " if params.pop("delivery_success") else ""
        where.append((_UNDELIVERED.format(wanted), 1))
    page = lists.page(call.tx, "event", call.url, params, where=where)
    return {**page, "data": [with_pending(call.tx, event) for event in page["data"]]}


def _types(one: str | None, several: list[str] | None) -> list[tuple[str, Any]]:
    if one and several:
        raise invalid_request("You may only specify one of these parameters: type, types.")
    if several and len(several) > TYPES_MAX:
        raise invalid_request(f"You may pass at most {TYPES_MAX} types.", param="types")
    wanted = several or ([one] if one else [])
    if not wanted:
        return []
    member = "json_extract(doc, '$.type')"
    if len(wanted) == 1 and not set(wanted[0]) & set("*?["):
        return [(f"{member} = ?", wanted[0])]
    pattern = " OR ".join([f"{member} GLOB ?"] * len(wanted))
    return [(f"({pattern})", tuple(kind.replace("[", "[[]").replace("?", "[?]") for kind in wanted))]


def retry(call: Call) -> Json:
    """Deliver an event again; ``stripe events resend`` calls this."""
    event = retrieve(call)
    endpoint = call.params.get("webhook_endpoint")
    if endpoint:
        call.tx.require(endpoint, "webhook_endpoint", param="webhook_endpoint")
    for known in [endpoint] if endpoint else [found["id"] for found in enabled_endpoints(call.tx)]:
        plan_delivery(call.tx, event["id"], known)
    return event
