"""The real Stripe CLI against Paywright, where tests/stripe_clients.py finds it."""

import pytest

from paywright.testing import Paywright
from tests.conformance.receiver import WAIT_S, Receiver
from tests.stripe_clients import HOW_TO_GET, find_cli, said_secret, start_cli

pytestmark = pytest.mark.skipif(find_cli() is None, reason=f"no Stripe CLI: {HOW_TO_GET}")

EVENTS = (
    "checkout.session.completed",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refunded",
    "charge.dispute.created",
    "customer.created",
)


@pytest.fixture(scope="module")
def server():
    with Paywright() as server:
        yield server


@pytest.fixture(scope="module")
def cli(server, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return lambda *arguments: start_cli(home, server.api_base, *arguments)


@pytest.mark.parametrize("event", EVENTS)
def test_triggering(server, cli, event):
    server.reset()

    process = cli("trigger", event)
    output, _ = process.communicate(timeout=WAIT_S)

    assert process.returncode == 0, output
    assert "Trigger succeeded!" in output
    assert event in [made["type"] for made in server.events()]


def test_listening_forwards_signed_events_and_reports_the_answers(server, cli):
    server.reset()
    shop = Receiver("unset")
    listening = cli("listen", "--no-wss", "--skip-update", "--all-snapshot", "--forward-to", shop.url)
    try:
        shop.secret = said_secret(listening)
        # It says its secret before it is connected, and what happens before is not sent to it.
        while not shop.events and listening.poll() is None:
            server.trigger("customer.created")
            server.settle()
        server.trigger("checkout.session.completed")

        shop.wait_for("checkout.session.completed")
        server.settle()
        event = server.events("checkout.session.completed")[0]

        assert shop.problems == []
        assert event["pending_webhooks"] == 0
        assert server.deliveries(event["id"])[0]["attempts"][0]["status"] == 200
    finally:
        listening.terminate()
        listening.communicate(timeout=WAIT_S)
        shop.close()


def test_resending(server, cli):
    server.reset()
    shop = Receiver(server.webhook_secret)
    server.forward(shop.url)
    try:
        server.trigger("customer.created")
        (event,) = shop.wait_for("customer.created")
        endpoint = server.deliveries(event["id"])[0]["endpoint"]

        process = cli("events", "resend", event["id"], "--webhook-endpoint", endpoint)
        output, _ = process.communicate(timeout=WAIT_S)

        assert process.returncode == 0, output
        shop.wait_for("customer.created", 2)
    finally:
        server.forward(None)
        shop.close()
