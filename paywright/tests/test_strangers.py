"""Web pages of strangers reach neither the server nor, through it, other machines."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
import stripe

from paywright.api.hosts import Hosts
from paywright.testing import Paywright
from paywright.webhooks.sender import NotSent, Sender
from paywright.webhooks.targets import Targets
from tests.conformance.client import client_of
from tests.conformance.receiver import Receiver


@pytest.fixture(scope="module")
def shop():
    with closing(Receiver(Paywright.webhook_secret)) as shop:
        yield shop


@pytest.fixture(scope="module")
def server():
    with Paywright(options=("--allow-host", "sandbox.test", "--public-url", "https://pay.test")) as server:
        yield server


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.api_base, trust_env=False, timeout=30) as http:
        yield http


REBOUND = [
    "evil.test",
    "evil.test:12111",
    "127.0.0.1.evil.test",
    "localhost.evil.test",
    "",
    "127.0.0.1@evil.test",
    "[::1",
]


@pytest.mark.parametrize("host", REBOUND)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_paywright/clock"),
        ("POST", "/_paywright/trigger"),
        ("GET", "/_paywright/"),
        ("GET", "/v1/events"),
        ("GET", "/_paywright/health"),
    ],
)
def test_a_name_that_is_not_the_servers_gets_nothing(http, server, host, method, path):
    key = {"Authorization": f"Bearer {server.secret_key}"}

    answer = http.request(method, path, headers={"Host": host, **key}, json={} if method == "POST" else None)

    assert answer.status_code == 403
    assert "--allow-host" in answer.json()["error"]["message"]
    assert "now" not in answer.json()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9",
        "localhost",
        "LOCALHOST:80",
        "app.localhost",
        "[::1]:80",
        "192.168.1.7",
        "sandbox.test",
        "pay.test",
    ],
)
def test_its_own_names_and_addresses_are_answered(http, host):
    assert http.get("/_paywright/clock", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/_paywright/do/advance", "/_paywright/clock", "/v1/customers"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Origin": ""},
    ],
)
def test_a_page_of_another_site_cannot_press_a_button(http, server, path, headers):
    before = server.request("GET", "clock")["offset_s"]
    key = {"Authorization": f"Bearer {server.secret_key}"}

    answer = http.post(path, headers={**headers, **key}, data={"span": "1d"})

    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "This request came from another site."
    assert server.request("GET", "clock")["offset_s"] == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://pay.test", "Host": "inner.localhost"},
        {},
    ],
)
def test_its_own_pages_can(http, headers):
    assert http.post("/_paywright/do/advance", headers=headers, data={"span": "1s"}).status_code == 303


def test_its_own_origin_is_the_host_that_was_asked():
    hosts = Hosts("http://127.0.0.1:12111")
    assert hosts.refusal("POST", [("host", "localhost:12111"), ("origin", "http://localhost:12111")]) is None
    assert hosts.refusal("POST", [("host", "localhost:12111"), ("origin", "http://127.0.0.1:12111")]) is None
    assert hosts.refusal("POST", [("host", "localhost:12111"), ("origin", "http://localhost:8000")])
    assert hosts.refusal("GET", [("host", "localhost"), ("host", "evil.test")])
    assert hosts.refusal("", [("host", "localhost"), ("origin", "https://evil.test")])


INNER = [
    "169.254.169.254",
    "10.0.0.1",
    "192.168.0.1",
    "172.16.0.1",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 (not to listen on)
    "203.0.113.7",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[fe80::1]",
    "[fc00::1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[::]",
]


@pytest.mark.parametrize("host", INNER)
def test_an_address_of_another_machine_is_no_webhook(server, host):
    url = f"http://{host}/latest/meta-data/"
    with pytest.raises(stripe.InvalidRequestError, match="--allow-target") as refused:
        client_of(server).v1.webhook_endpoints.create(params={"url": url, "enabled_events": ["*"]})
    assert refused.value.code == "url_invalid"
    with pytest.raises(AssertionError, match="--allow-target"):
        server.forward(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_every_address_of_this_machine_is_one(server, host):
    client = client_of(server).v1.webhook_endpoints
    made = client.create(params={"url": f"http://{host}:9/", "enabled_events": ["coupon.deleted"]})
    client.delete(made.id)


def test_a_name_is_looked_up_as_it_is_connected_to(shop, monkeypatch):
    """A name that is harmless while it is checked may lead elsewhere a moment later: DNS rebinding."""
    answers = {
        "inner.test": ["169.254.169.254", "10.0.0.1"],
        "mapped.test": ["::ffff:10.0.0.1"],
        "both.test": ["10.0.0.1", "127.0.0.1"],
        "away.test": [],
    }
    port = int(shop.url.split(":")[2].partition("/")[0])
    asked: list[str] = []

    async def send() -> None:
        loop = asyncio.get_running_loop()
        connect = loop.create_connection

        async def looked_up(host, port, **_):
            if not answers[host]:
                raise socket.gaierror(-2, "Name or service not known")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers[host]]

        async def connecting(protocol, host, port, **more):
            asked.append(host)
            return await connect(protocol, host, port, **more)

        monkeypatch.setattr(loop, "getaddrinfo", looked_up)
        monkeypatch.setattr(loop, "create_connection", connecting)
        sender = Sender(Targets())
        for name in ("inner.test", "mapped.test"):
            with pytest.raises(NotSent, match=f"--allow-target {name}"):
                await sender.post(f"http://{name}:{port}/", b"{}", {}, 5)
        with pytest.raises(NotSent, match="gaierror"):
            await sender.post(f"http://away.test:{port}/", b"{}", {}, 5)
        assert asked == []
        with pytest.raises(NotSent):
            # Reached, as the receiver refuses what is not signed.
            await sender.post(f"http://both.test:{port}/", b"{}", {}, 5)
        assert set(asked) == {"127.0.0.1"}
        sender.close()

    # In a thread of its own: where a browser's tests ran before, this one has a loop.
    with ThreadPoolExecutor() as threads:
        threads.submit(asyncio.run, send()).result()


def test_a_redirect_is_not_followed(server):
    """The answer of an endpoint leads nowhere, wherever it points to."""
    asked: list[str] = []

    class Redirecting(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Redirecting) as shop:
        threading.Thread(target=shop.serve_forever, args=(0.02,), daemon=True).start()
        server.forward(f"http://127.0.0.1:{shop.server_port}/hook")
        try:
            made = server.trigger("customer.created")
            server.settle()
        finally:
            server.forward(None)
            server.reset()
            shop.shutdown()
    assert asked == ["/hook"], made
