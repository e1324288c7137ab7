"""Every operation of ``/v1`` and the function that carries it out, keyed as in Stripe's OpenAPI document."""

from collections.abc import Callable
from typing import Any

from paywright.call import Call
from paywright.resources import (
    charges,
    checkout_sessions,
    events,
    payment_intents,
    webhook_endpoints,
)

Json = dict[str, Any]
Handler = Callable[[Call], Json]

ROUTES: dict[str, Handler] = {
    "GET /v1/charges": charges.index,
    "GET /v1/charges/{charge}": charges.retrieve,
    "POST /v1/charges/{charge}": charges.update,
    "GET /v1/checkout/sessions": checkout_sessions.index,
    "POST /v1/checkout/sessions": checkout_sessions.create,
    "GET /v1/checkout/sessions/{session}": checkout_sessions.retrieve,
    "POST /v1/checkout/sessions/{session}": checkout_sessions.update,
    "POST /v1/checkout/sessions/{session}/expire": checkout_sessions.expire,
    "GET /v1/checkout/sessions/{session}/line_items": checkout_sessions.line_items,
    "GET /v1/events": events.index,
    "GET /v1/events/{id}": events.retrieve,
    "GET /v1/payment_intents": payment_intents.index,
    "GET /v1/payment_intents/{intent}": payment_intents.retrieve,
    "POST /v1/payment_intents/{intent}": payment_intents.update,
    "GET /v1/webhook_endpoints": webhook_endpoints.index,
    "POST /v1/webhook_endpoints": webhook_endpoints.create,
    "GET /v1/webhook_endpoints/{webhook_endpoint}": webhook_endpoints.retrieve,
    "POST /v1/webhook_endpoints/{webhook_endpoint}": webhook_endpoints.update,
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": webhook_endpoints.delete,
}


def match(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the operation of a request and the ids in its path, or None."""
    parts = tuple(path.strip("/").split("/"))
    for operation, pattern in _BY_SHAPE.get((method, len(parts)), ()):
        if all(p == q or p.startswith("{") for p, q in zip(pattern, parts, strict=True)):
            return operation, {p.strip("{}"): q for p, q in zip(pattern, parts, strict=True) if p.startswith("{")}
    return None


def _by_shape() -> dict[tuple[str, int], list[tuple[str, tuple[str, ...]]]]:
    shapes: dict[tuple[str, int], list[tuple[str, tuple[str, ...]]]] = {}
    for operation in sorted(ROUTES, key=lambda name: name.count("{")):
        method, _, path = operation.partition(" ")
        pattern = tuple(path.strip("/").split("/"))
        shapes.setdefault((method, len(pattern)), []).append((operation, pattern))
    return shapes


_BY_SHAPE = _by_shape()
