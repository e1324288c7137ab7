"""Events: made once, rendered once, with one delivery for every endpoint that wants them."""

from typing import Any

from orjson import dumps, loads

from paywright.api.versions import API_VERSION
from paywright.state import ids
from paywright.state.objects import public
from paywright.state.store import Transaction

Json = dict[str, Any]


def emit(tx: Transaction, kind: str, doc: Json, previous: Json | None = None) -> Json:
    """Record that ``kind`` happened to ``doc``; ``previous`` holds the old values of an update."""
    if tx.endpoints is None:
        tx.endpoints = enabled_endpoints(tx)
    endpoints = [e for e in tx.endpoints if wants(e, kind)]
    data: Json = {"object": public(doc)}
    if previous is not None:
        data["previous_attributes"] = previous
    event = tx.insert(
        {
            "id": ids.new("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": tx.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": tx.cause.request, "idempotency_key": tx.cause.idempotency_key},
            "type": kind,
        }
    )
    for endpoint in endpoints:
        plan_delivery(tx, event["id"], endpoint["id"])
    return event


def plan_delivery(tx: Transaction, event: str, endpoint: str) -> None:
    """Have ``event`` delivered to ``endpoint`` now, again if it was before."""
    tx.sql.execute(
        "INSERT INTO delivery (event, endpoint, state, next_at) VALUES (?, ?, 'pending', ?)"
        " ON CONFLICT (event, endpoint) DO UPDATE SET state = 'pending', attempts = 0, next_at = excluded.next_at",
        (event, endpoint, tx.now),
    )


LISTENER = "cli_listener"
"""The kind of the endpoint that stands for a connected ``stripe listen``; no list shows it."""


def enabled_endpoints(tx: Transaction) -> list[Json]:
    rows = tx.sql.execute(f"SELECT doc FROM object WHERE kind IN ('webhook_endpoint', '{LISTENER}')")  # noqa: S608
    found = [loads(row[0]) for row in rows]
    return [endpoint for endpoint in found if endpoint.get("status") == "enabled"]


def wants(endpoint: Json, kind: str) -> bool:
    return "*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"]


def with_pending(tx: Transaction, event: Json) -> Json:
    """The event as it is read later: ``pending_webhooks`` counts endpoints that have not yet answered 2xx.

    Endpoints that were disabled or given up on are no longer waited for.
    """
    row = tx.sql.execute(
        "SELECT count(*) FROM delivery WHERE event = ? AND state IN ('pending', 'failed', 'lost')", (event["id"],)
    ).fetchone()
    return {**event, "pending_webhooks": row[0]}


def delivered_body(stored: str, endpoint: Json) -> bytes:
    """The bytes an endpoint gets for a stored event: the same at every attempt, in the endpoint's API version.

    Between the versions that Paywright knows, members were added only, and Stripe adds them in all versions. So the
    name of the version is the only difference.
    """
    if endpoint.get("api_version") in (None, API_VERSION):
        return stored.encode()
    return dumps({**loads(stored), "api_version": endpoint["api_version"]})
