"""The plugin, as another project's tests would use it."""

import os
import subprocess
import sys

USE = """
import stripe
import pytest

LINE = {"price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "x"}}, "quantity": 1}


@pytest.fixture
def session(paywright):
    stripe.enable_telemetry = False
    client = stripe.StripeClient(paywright.secret_key, base_addresses={"api": paywright.api_base})
    return client.v1.checkout.sessions.create(
        params={"mode": "payment", "line_items": [LINE], "success_url": "https://shop.example/"}
    )


def test_pay(paywright, session):
    paid = paywright.pay(session.id, card="4242424242424242")
    refund = paywright.refund(paid["payment_intent"], amount=100)
    paywright.advance("1d")
    paywright.faults({"kind": "drop"})
    assert (paid["outcome"], refund["amount"]) == ("succeeded", 100)
    assert "charge.refunded" in [event["type"] for event in paywright.events()]


def test_nothing_is_left_of_the_test_before(paywright):
    assert paywright.events() == []
    assert paywright.request("GET", "faults") == {"faults": []}
    assert paywright.request("GET", "clock")["offset_s"] == 0


def test_spoil_the_endpoint(paywright):
    client = stripe.StripeClient(paywright.secret_key, base_addresses={"api": paywright.api_base})
    paywright.forward("http://127.0.0.1:9/")
    (endpoint,) = client.v1.webhook_endpoints.list().data
    client.v1.webhook_endpoints.update(endpoint.id, params={"enabled_events": ["charge.failed"], "disabled": True})


def test_the_endpoint_is_as_new(paywright):
    client = stripe.StripeClient(paywright.secret_key, base_addresses={"api": paywright.api_base})
    paywright.forward("http://127.0.0.1:9/")
    (endpoint,) = client.v1.webhook_endpoints.list().data
    assert (endpoint.status, endpoint.enabled_events) == ("enabled", ["*"])


def test_objects_do_for_their_ids(paywright, session):
    assert paywright.pay(session)["outcome"] == "succeeded"
    assert paywright.refund(session, amount=100)["amount"] == 100
    assert paywright.dispute(session.to_dict(), inquiry=True)["reason"] == "fraudulent"


def test_decline(paywright, session):
    assert paywright.pay(session.id, card="4000000000000002")["code"] == "generic_decline"
"""


WITHOUT = [
    f"-pno:{name}" for name in ("django", "schemathesis", "hypothesispytest", "xdist", "valkey", "cacheprovider")
]
"""Plugins of our own tests that another project need not have, and which take most of the time to load."""


def test_other_projects_use_the_plugin(tmp_path):
    (tmp_path / "test_shop.py").write_text(USE)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "DJANGO"))}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *WITHOUT, str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert "6 passed" in done.stdout, done.stdout + done.stderr
