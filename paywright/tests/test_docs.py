"""The examples of README.md, run as they are printed but for the port."""

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import RequestFactory

from tests.stripe_clients import HOW_TO_GET, find_node_modules

DOCS = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
PLAIN, DJANGO, PYTEST = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
(NODE,) = re.findall(r"```js\n(.*?)```", DOCS, re.DOTALL)


def here(example: str, server: Any) -> str:
    assert "127.0.0.1:12111" in example or "port: 12111" in example
    return example.replace("12111", str(server.port))


def shows_the_form(address: str) -> bool:
    return 'id="card_number"' in httpx.get(address, trust_env=False).text


def run(example: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 (our own documentation)
    return names


def test_plain_python(paywright, capsys):
    run(here(PLAIN, paywright))

    assert shows_the_form(capsys.readouterr().out.strip())


def test_django(paywright, receiver, settings):
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = paywright.api_base, paywright.secret_key
    settings.STRIPE_WEBHOOK_SECRET = paywright.webhook_secret
    views, browser = run(DJANGO), RequestFactory()

    page = views["pay"](browser.get("/"))["Location"]
    paywright.pay(re.search(r"/(cs_test_\w+)", page)[1])
    receiver.wait_for("checkout.session.completed")
    header = receiver.headers[-1]["stripe-signature"]
    told, forged = (
        views["webhook"](
            browser.post("/", receiver.bodies[-1], "application/json", headers={"Stripe-Signature": signature})
        )
        for signature in (header, header[:-1] + "x")
    )

    assert told.content.decode() in receiver.types()
    assert (told.status_code, forged.status_code) == (200, 400)


@pytest.mark.skipif(find_node_modules() is None, reason=f"no Node SDK: {HOW_TO_GET}")
def test_node(paywright, tmp_path):
    (tmp_path / "node_modules").symlink_to(find_node_modules())
    (tmp_path / "example.mjs").write_text(here(NODE, paywright))

    done = subprocess.run(["node", "example.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert shows_the_form(done.stdout.strip())


def test_pytest(paywright):
    try:
        run(PYTEST)["test_an_order_is_paid"](paywright)
    finally:
        paywright.faults()
