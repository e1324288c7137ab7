"""One server for the suite; every answer and every event is checked against Stripe's document."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe

from paywright.testing import Paywright
from tests.conformance.client import CANCEL_URL, KRW_TWO, SUCCESS_URL, client_of
from tests.conformance.conforming import check_answer
from tests.conformance.receiver import Receiver


@pytest.fixture(scope="session", autouse=True)
def _no_telemetry() -> None:
    stripe.enable_telemetry = False


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(Paywright.webhook_secret)
    yield receiver
    receiver.close()
    assert receiver.problems == []


@pytest.fixture(scope="session")
def paywright(receiver: Receiver) -> Iterator[Paywright]:
    with Paywright(forward_to=receiver.url) as server:
        yield server


@pytest.fixture(scope="session")
def client(paywright: Paywright) -> stripe.StripeClient:
    return client_of(paywright)


@pytest.fixture(scope="session")
def raw(paywright: Paywright) -> Iterator[httpx.Client]:
    """Plain HTTP with a key, for what the SDK would never send."""

    def check(answer: httpx.Response) -> None:
        if answer.request.url.path.startswith("/v1/"):
            answer.read()
            check_answer(answer.request.method, answer.request.url.path, answer.status_code, answer.content)

    with httpx.Client(
        base_url=paywright.api_base,
        headers={"Authorization": f"Bearer {paywright.secret_key}"},
        event_hooks={"response": [check]},
        timeout=30,
        trust_env=False,
    ) as http:
        yield http


@pytest.fixture
def new_session(client: stripe.StripeClient) -> Any:
    """Make a Checkout Session over two jars of kimchi, changed by keyword."""

    def make(**changes: Any) -> stripe.checkout.Session:
        params: Any = {
            "mode": "payment",
            "line_items": KRW_TWO,
            "success_url": SUCCESS_URL,
            "cancel_url": CANCEL_URL,
            **changes,
        }
        given: Any = {name: value for name, value in params.items() if value is not None}
        return client.v1.checkout.sessions.create(params=given)

    return make


@pytest.fixture(scope="module")
def known_ids(client: stripe.StripeClient, paywright: Paywright) -> dict[str, Any]:
    """An id for every name in a path."""
    session = client.v1.checkout.sessions.create(
        params={
            "mode": "payment",
            "success_url": "https://shop.example/",
            "line_items": [
                {"price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "x"}}, "quantity": 1}
            ],
        }
    )
    intent = paywright.pay(session.id)["payment_intent"]
    dispute = paywright.dispute(intent, inquiry=True)
    refund = client.v1.refunds.create(params={"payment_intent": intent, "amount": 10})
    return {
        "session": session.id,
        "intent": intent,
        "charge": refund.charge,
        "refund": refund.id,
        "dispute": dispute["id"],
        "id": client.v1.events.list(params={"limit": 1}).data[0].id,
        "customer": client.v1.customers.create(params={}).id,
        "webhook_endpoint": client.v1.webhook_endpoints.create(
            params={"url": "http://127.0.0.1:9/", "enabled_events": ["coupon.deleted"]}
        ).id,
        "early_fraud_warning": "issfr_x",
        "payout": "po_x",
        "payment_method": "pm_x",
    }
