"""The one door to Stripe: the only module that imports the SDK.

Every call has an explicit timeout and gives plain dicts. No answer raises `StripeUnavailable` (the outcome is
unknown), a refusal `StripeRefused`.

The SDK takes as long to import as the rest of the store together, so it is imported by the first call and not by every
process that starts.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed
from django.dispatch import receiver

from jumun.conf import jumun, stripe_setting
from jumun.errors import StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    import stripe

# What a session must carry for `merge` to know the card and the refunds without another call.
SESSION_EXPAND = ["payment_intent.latest_charge.refunds"]
# Between the calls of one long listing.
PAUSE_S = 0.1


@cache
def _client() -> "stripe.StripeClient":
    import stripe

    # The SDK would otherwise write an identifier into the home folder of whoever runs the process.
    stripe.enable_telemetry = False
    api_base = stripe_setting("STRIPE_API_BASE")
    return stripe.StripeClient(
        stripe_setting("STRIPE_SECRET_KEY"),
        stripe_version=stripe_setting("STRIPE_API_VERSION") or None,
        base_addresses={"api": api_base} if api_base else {},
        # One more try with the same key. A customer waits for this, so twice the timeout is all it may take.
        max_network_retries=1,
        http_client=stripe.RequestsClient(timeout=jumun().stripe_timeout_s),
    )


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith("STRIPE_") or setting == "JUMUN":
        _client.cache_clear()


def create_session(params: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Create a Checkout Session; the same key gives the same session again for 24 hours."""
    return _call(
        lambda: _client().v1.checkout.sessions.create(
            params=params,  # type: ignore[arg-type]  # frozen as JSON in the checkout's row
            options={"idempotency_key": idempotency_key},
        )
    )


def retrieve_session(session_id: str) -> dict[str, Any]:
    """The session as it is now, with its PaymentIntent and the card that paid."""
    return _call(lambda: _client().v1.checkout.sessions.retrieve(session_id, params={"expand": SESSION_EXPAND}))


def expire_session(session_id: str) -> dict[str, Any]:
    """Close an open session. Raises `StripeRefused` where it is no longer open: then retrieve it."""
    return _call(lambda: _client().v1.checkout.sessions.expire(session_id, params={"expand": SESSION_EXPAND}))


def sessions_created(since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """All sessions made from ``since`` to ``until``, newest first, each with its PaymentIntent and the card that paid.

    One call a hundred sessions, at most ten calls a second: a tenth of Stripe's limit (docs.stripe.com/rate-limits).
    """
    created = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
    params: dict[str, Any] = {"created": created, "limit": 100, "expand": [f"data.{path}" for path in SESSION_EXPAND]}
    while True:
        page = _call(lambda: _client().v1.checkout.sessions.list(params=params))  # type: ignore[arg-type]
        yield from page["data"]
        if not page["has_more"]:
            return
        params["starting_after"] = page["data"][-1]["id"]
        time.sleep(PAUSE_S)


def create_refund(params: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Give money back; the same key gives the same refund again for 24 hours."""
    return _call(
        lambda: _client().v1.refunds.create(
            params=params,  # type: ignore[arg-type]  # frozen as JSON in the refund's row
            options={"idempotency_key": idempotency_key},
        )
    )


def retrieve_refund(refund_id: str) -> dict[str, Any]:
    """The refund as it is now, with its PaymentIntent, whose metadata tell the order."""
    return _call(lambda: _client().v1.refunds.retrieve(refund_id, params={"expand": ["payment_intent"]}))


def refunds_of(payment_intent_id: str) -> Iterator[dict[str, Any]]:
    """All refunds of a payment, newest first."""
    params: dict[str, Any] = {"payment_intent": payment_intent_id, "limit": 100}
    while True:
        page = _call(lambda: _client().v1.refunds.list(params=params))  # type: ignore[arg-type]
        yield from page["data"]
        if not page["has_more"]:
            return
        params["starting_after"] = page["data"][-1]["id"]
        time.sleep(PAUSE_S)


def _call(call: "Callable[[], stripe.StripeObject]") -> dict[str, Any]:
    import stripe

    try:
        answer: dict[str, Any] = call().to_dict()
    except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as error:
        raise StripeRefused(str(error), code=error.code or "") from error
    except stripe.StripeError as error:
        # Connection errors, time-outs, 409, 429, 5xx: whether the call took effect is unknown. So it is where the key
        # is refused: an earlier try may have taken effect, and the next one can succeed under the right key.
        replayed = (error.headers or {}).get("Idempotent-Replayed") == "true"
        raise StripeUnavailable(str(error), replayed=replayed) from error
    return answer
