"""The one door to Stripe: the only module that imports the SDK.

Every call has an explicit timeout and returns a plain dict: the requested object. `StripeUnavailable` means that there
was no answer, or another object, so the outcome is unknown; `StripeRefused` is a refusal. While Stripe does not answer
at all, most calls fail at once (`jumun.payments.stripe.circuit_breaker`).

Importing the SDK takes as long as importing the rest of the store, so the first call imports it.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from operator import attrgetter
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed
from django.dispatch import receiver

from jumun.conf import jumun, stripe_setting
from jumun.errors import StripeRefused, StripeUnavailable
from jumun.outbox.lease import storable
from jumun.payments.stripe.circuit_breaker import Breaker
from jumun.payments.stripe.rate_limit import pace

if TYPE_CHECKING:
    import stripe

logger = logging.getLogger("jumun.payments")

# A session must include these for `merge` to know the card, the fee and the refunds without another call.
SESSION_EXPAND = ["payment_intent.latest_charge.refunds", "payment_intent.latest_charge.balance_transaction"]
TRANSACTIONS_EXPAND = ["balance_transaction", "failure_balance_transaction"]

# What can be listed, and what must be expanded in each for `merge` to need no other call.
LISTED: dict[str, list[str]] = {
    "checkout.sessions": [f"data.{path}" for path in SESSION_EXPAND],
    "charges": ["data.balance_transaction", "data.refunds"],
    "refunds": ["data.payment_intent", *(f"data.{name}" for name in TRANSACTIONS_EXPAND)],
    "disputes": ["data.payment_intent"],
    "balance_transactions": [],
    "payouts": [],
    "events": [],
}

# Stripe's ids are opaque strings of up to 255 characters.
_ID = re.compile(r"[!-~]{1,255}")

# Objects on one page; Stripe allows a hundred at most (docs.stripe.com/api/pagination).
PAGE_LENGTH = 100

# How long a call may take while somebody waits, and how long it may wait for another such call to end.
WAITING_TIMEOUT_S = 4.0
TURN_TIMEOUT_S = 1.0

_somebody_waits: ContextVar[bool] = ContextVar("jumun_somebody_waits", default=False)


@cache
def _waiting() -> BoundedSemaphore:
    return BoundedSemaphore(jumun().stripe_waiting_max)


@cache
def _breaker() -> Breaker:
    return Breaker()


@contextmanager
def for_somebody_waiting() -> Iterator[None]:
    """While a person and a web thread wait: the calls inside get less time, and fail at once with `StripeUnavailable`
    where too many of the process wait already. So a Stripe that hangs does not stop the shop.
    """
    token = _somebody_waits.set(True)
    try:
        yield
    finally:
        _somebody_waits.reset(token)


def _client() -> "stripe.StripeClient":
    timeout_s = jumun().stripe_timeout_s
    return _client_with(timeout_s=min(timeout_s, WAITING_TIMEOUT_S) if _somebody_waits.get() else timeout_s)


@cache
def _client_with(*, timeout_s: float) -> "stripe.StripeClient":
    import stripe

    # Otherwise the SDK writes an identifier into the home folder of the process's user.
    stripe.enable_telemetry = False
    api_base = stripe_setting("STRIPE_API_BASE")
    return stripe.StripeClient(
        stripe_setting("STRIPE_SECRET_KEY"),
        stripe_version=stripe_setting("STRIPE_API_VERSION") or None,
        base_addresses={"api": api_base} if api_base else {},
        # One retry with the same key, so a call takes at most twice the timeout.
        max_network_retries=1,
        http_client=stripe.RequestsClient(timeout=timeout_s),
    )


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith("STRIPE_") or setting == "JUMUN":
        _client_with.cache_clear()
        _waiting.cache_clear()
        _breaker.cache_clear()


def preload() -> None:
    """Import the SDK ahead of the first call."""
    _client()


def create_session(params: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Create a Checkout Session; the same key gives the same session again for 24 hours."""
    return _call(
        lambda: _client().v1.checkout.sessions.create(
            params=params,  # type: ignore[arg-type]  # frozen as JSON in the checkout's row
            options={"idempotency_key": idempotency_key},
        ),
        "checkout.session",
    )


def retrieve_session(session_id: str) -> dict[str, Any]:
    """The session as it is now, with its PaymentIntent and the card that paid."""
    return _call(
        lambda: _client().v1.checkout.sessions.retrieve(session_id, params={"expand": SESSION_EXPAND}),
        "checkout.session",
        session_id,
    )


def expire_session(session_id: str) -> dict[str, Any]:
    """Close an open session. Raises `StripeRefused` where it is no longer open: then retrieve it."""
    return _call(
        lambda: _client().v1.checkout.sessions.expire(session_id, params={"expand": SESSION_EXPAND}),
        "checkout.session",
        session_id,
    )


def create_refund(params: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
    """Create a refund; the same key gives the same refund again for 24 hours."""
    return _call(
        lambda: _client().v1.refunds.create(
            params={**params, "expand": TRANSACTIONS_EXPAND},  # type: ignore[arg-type]  # frozen as JSON in the refund's row
            options={"idempotency_key": idempotency_key},
        ),
        "refund",
    )


def retrieve_charge(charge_id: str) -> dict[str, Any]:
    """The charge as it is now, with its fee and all of its refunds."""
    expand = ["balance_transaction", *(f"refunds.data.{name}" for name in TRANSACTIONS_EXPAND)]
    charge = _call(lambda: _client().v1.charges.retrieve(charge_id, params={"expand": expand}), "charge", charge_id)
    refunds, intent = charge.get("refunds"), charge.get("payment_intent")
    # A charge carries ten at most.
    if isinstance(refunds, dict) and refunds.get("has_more") and isinstance(intent, str):
        charge["refunds"] = {"data": list(refunds_of(intent))}
    return charge


def retrieve_refund(refund_id: str) -> dict[str, Any]:
    """The refund as it is now, with its PaymentIntent, whose metadata tell the order, and its balance transactions."""
    expand = ["payment_intent", *TRANSACTIONS_EXPAND]
    return _call(lambda: _client().v1.refunds.retrieve(refund_id, params={"expand": expand}), "refund", refund_id)


def retrieve_dispute(dispute_id: str) -> dict[str, Any]:
    """The dispute as it is now, with its PaymentIntent, whose metadata tell the order."""
    expand = ["payment_intent"]
    return _call(lambda: _client().v1.disputes.retrieve(dispute_id, params={"expand": expand}), "dispute", dispute_id)


def retrieve_fraud_warning(warning_id: str) -> dict[str, Any]:
    """The early fraud warning as it is now."""
    call = lambda: _client().v1.radar.early_fraud_warnings.retrieve(warning_id)  # noqa: E731
    return _call(call, "radar.early_fraud_warning", warning_id)


def retrieve_payout(payout_id: str) -> dict[str, Any]:
    """The payout as it is now."""
    return _call(lambda: _client().v1.payouts.retrieve(payout_id), "payout", payout_id)


def retrieve_payment_intent(payment_intent_id: str) -> dict[str, Any]:
    """The PaymentIntent as it is now."""
    return _call(lambda: _client().v1.payment_intents.retrieve(payment_intent_id), "payment_intent", payment_intent_id)


def sessions_of(payment_intent_id: str) -> Iterator[dict[str, Any]]:
    """The Checkout Session of a payment, if it has one, with what merging needs."""
    return _all("checkout.sessions", {"payment_intent": payment_intent_id, "expand": LISTED["checkout.sessions"]})


def refunds_of(payment_intent_id: str) -> Iterator[dict[str, Any]]:
    """All refunds of a payment, newest first, with their balance transactions."""
    expand = [f"data.{name}" for name in TRANSACTIONS_EXPAND]
    return _all("refunds", {"payment_intent": payment_intent_id, "expand": expand})


def transactions_of_payout(payout_id: str) -> Iterator[dict[str, Any]]:
    """All balance transactions of an automatic payout, its own among them, newest first."""
    return _all("balance_transactions", {"payout": payout_id})


def pages(
    resource: str, *, since: datetime, after: str = "", types: Sequence[str] = ()
) -> Iterator[list[dict[str, Any]]]:
    """All objects of a resource created since ``since``, newest first, a hundred at a time, starting after ``after``.

    ``resource`` is one of `LISTED`; each object includes what merging needs. ``types`` selects at most twenty types of
    events. Calls keep well below Stripe's rate limits (see `jumun.payments.stripe.rate_limit`).
    """
    params: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "expand": LISTED[resource]}
    return _pages(resource, params | ({"starting_after": after} if after else {}) | ({"types": types} if types else {}))


def _all(resource: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for page in _pages(resource, params):
        yield from page


def _pages(resource: str, params: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    params = {"limit": PAGE_LENGTH, **params}
    while True:
        pace()
        page = _call(lambda: attrgetter(resource)(_client().v1).list(params=params), "list")
        found = page.get("data")
        kind = resource.removesuffix("s")
        if not isinstance(found, list) or not all(_is(row, kind) for row in found):
            raise StripeUnavailable(f"the answer is not a list of {resource}")
        if not found:
            return
        yield found
        if not page.get("has_more"):
            return
        params["starting_after"] = found[-1]["id"]


def _call(call: "Callable[[], stripe.StripeObject]", kind: str, object_id: str = "") -> dict[str, Any]:
    """The answer to ``call``: an object of that kind, with that id where one is given."""
    if not _somebody_waits.get():
        return _answer(call, kind, object_id)
    turn = _waiting()
    if not turn.acquire(timeout=TURN_TIMEOUT_S):
        raise StripeUnavailable("too many calls are waiting for Stripe")
    try:
        return _answer(call, kind, object_id)
    finally:
        turn.release()


def _answer(call: "Callable[[], stripe.StripeObject]", kind: str, object_id: str) -> dict[str, Any]:
    import stripe

    try:
        with _breaker().watching(no_answer=stripe.APIConnectionError):
            answer = call()
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise StripeRefused(storable(str(error)), code=error.code or "") from error
    except stripe.IdempotencyError as error:
        # The key was used with other parameters: that outcome is unknown, and the key will get no other answer.
        raise StripeUnavailable(storable(str(error)), replayed=True) from error
    except stripe.StripeError as error:
        # Connection errors, timeouts, 409, 429, 5xx: it is unknown whether the call took effect. The same if the key
        # is refused: an earlier try may have taken effect, and the next one can succeed with the right key.
        replayed = (error.headers or {}).get("Idempotent-Replayed") == "true"
        raise StripeUnavailable(storable(str(error)), replayed=replayed) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # The SDK did not expect the answer: it is not UTF-8, or is an error of another shape.
        logger.exception("the SDK could not read the answer")
        raise StripeUnavailable("the answer cannot be read") from error
    # A proxy may answer 200 with JSON of its own, or with somebody else's answer.
    found: dict[str, Any] = answer.to_dict() if isinstance(answer, stripe.StripeObject) else {}
    if not _is(found, kind, object_id):
        raise StripeUnavailable(f"the answer is not the {kind} that was requested")
    return found


def _is(found: object, kind: str, object_id: str = "") -> bool:
    """Whether it is an object of that kind, with that id where one is given. A list has no id."""
    if not isinstance(found, dict) or found.get("object") != kind:
        return False
    found_id = found.get("id")
    is_named = kind == "list" or (isinstance(found_id, str) and _ID.fullmatch(found_id) is not None)
    return is_named and object_id in {"", found_id}
