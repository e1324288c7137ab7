"""What Stripe would send: session objects, events and signatures, for tests that need no server behind them."""

import hashlib
import hmac
import itertools
import json
import time
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from jumun import money
from jumun.orders.models import Order

SECRET = "whsec_test"
_serial = itertools.count(1)


def session_of(order: Order, **changes: Any) -> dict[str, Any]:
    """A Checkout Session in which ``order`` was paid with a Visa card, its PaymentIntent expanded."""
    serial = next(_serial)
    names = {"order_reference": order.reference, "order_number": order.number}
    session: dict[str, Any] = {
        "id": f"cs_test_{serial}",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "livemode": order.livemode,
        "amount_total": money.to_stripe(order.total_minor, order.currency),
        "currency": order.currency.lower(),
        "client_reference_id": order.reference,
        "metadata": names,
        "payment_intent": intent_of(order, f"pi_3test{serial}"),
        "url": None,
        "expires_at": int(timezone.now().timestamp()) + 3600,
    }
    return session | changes


def intent_of(order: Order, intent_id: str) -> dict[str, Any]:
    return {"id": intent_id, "object": "payment_intent", "latest_charge": charge_of(order, intent_id)}


def charge_of(order: Order, intent_id: str, **changes: Any) -> dict[str, Any]:
    """A charge that went through, with its card."""
    charge: dict[str, Any] = {
        "id": intent_id.replace("pi_", "ch_"),
        "object": "charge",
        "status": "succeeded",
        "livemode": order.livemode,
        "amount": money.to_stripe(order.total_minor, order.currency),
        "currency": order.currency.lower(),
        "payment_intent": intent_id,
        "metadata": {"order_reference": order.reference},
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
    }
    return charge | changes


def refund_of(order: Order, intent_id: str, number: int, **changes: Any) -> dict[str, Any]:
    """What Stripe says of a refund that was made in its dashboard."""
    return {
        "id": f"re_{intent_id}_{number}",
        "object": "refund",
        "status": "succeeded",
        "amount": 1_000 * number,
        "currency": order.currency.lower(),
        "payment_intent": intent_id,
        "reason": None,
        "metadata": {},
    } | changes


def event(snapshot: dict[str, Any], kind: str = "checkout.session.completed", **changes: Any) -> bytes:
    """The raw body of an event about ``snapshot``."""
    body = {
        "id": f"evt_1test{next(_serial)}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "type": kind,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": snapshot},
    }
    return json.dumps(body | changes).encode()


def signature(payload: bytes, secret: str = SECRET, *, at: float | None = None) -> str:
    signed_at = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), signed_at.encode() + b"." + payload, hashlib.sha256).hexdigest()
    return f"t={signed_at},v1={digest}"


def deliver(payload: bytes, header: str | None = None) -> HttpResponse:
    """POST to the webhook as Stripe does, through a client that checks CSRF like a real one."""
    return Client(enforce_csrf_checks=True).post(  # type: ignore[return-value]
        "/payment/webhooks/",
        payload,
        content_type="application/json; charset=utf-8",
        headers={"Stripe-Signature": signature(payload) if header is None else header},
    )
