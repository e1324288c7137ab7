"""The official Node SDK against Paywright, where tests/stripe_clients.py finds it."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from paywright.testing import Paywright
from tests.conformance.receiver import Receiver
from tests.stripe_clients import HOW_TO_GET, find_node_modules

SCRIPT = Path(__file__).with_name("node_sdk.js")

pytestmark = pytest.mark.skipif(find_node_modules() is None, reason=f"no Node SDK: {HOW_TO_GET}")


def node(*arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["node", str(SCRIPT), str(find_node_modules()), *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_node_buys_refunds_pages_and_checks_signatures():
    shop = Receiver(Paywright.webhook_secret)
    with Paywright(forward_to=shop.url) as server:
        made = json.loads(node(server.api_base))
        shop.wait_for("checkout.session.completed")
        header, body = shop.headers[0]["stripe-signature"], shop.bodies[0]

        given = json.dumps({"body": base64.b64encode(body).decode(), "header": header})
        kind = node(server.api_base, server.webhook_secret, given=given).strip()

    shop.close()
    assert made["session"].startswith("cs_test_")
    assert kind in shop.types()
    assert shop.problems == []
