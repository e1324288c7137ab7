"""The official Node SDK (npm ``stripe``), where node is and ``STRIPE_NODE_MODULES`` or ``node_modules`` has it."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from paywright.testing import Paywright
from tests.paywright.receiver import Receiver

MODULES = Path(os.environ.get("STRIPE_NODE_MODULES", Path(__file__).parents[2] / "node_modules"))
SCRIPT = Path(__file__).with_name("node_sdk.js")

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "stripe").is_dir(), reason="node or its package stripe is missing"
)


def node(*arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["node", str(SCRIPT), str(MODULES), *arguments], input=given, capture_output=True, text=True, timeout=120
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
