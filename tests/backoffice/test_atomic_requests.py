"""In a project that wraps each request in a transaction, what is asked of Stripe is committed before it is asked."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import resolve, reverse

from jumun.payments.models import Checkout, Refund
from tests.backoffice.refunding import REFUNDER, refund_form, refund_url
from tests.factories import paid_order, place_order

pytestmark = pytest.mark.django_db(transaction=True)


class Onlooker(BaseHTTPRequestHandler):
    """In Stripe's place: what it finds in the database when it is called, it tells to its server."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        seen: list[int] = self.server.seen  # type: ignore[attr-defined]
        seen.append(Checkout.objects.count() + Refund.objects.count())
        connection.close()
        body = b'{"error": {"type": "api_error", "message": "An unknown error occurred"}}'
        self.send_response(500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def seen(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many intentions were committed at each call."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    found: list[int] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Onlooker) as server:
        server.seen = found  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()
        thread.join()


def test_a_payment_page_is_asked_for_after_the_commit(seen: list[int]) -> None:
    assert Client().post("/payment/process/", {"order": place_order().reference}).status_code == 503
    assert set(seen) == {1}


def test_a_refund_is_asked_for_after_the_commit(seen: list[int], staff: Callable[..., Client]) -> None:
    payment = paid_order().payments.get()
    staff(*REFUNDER).post(refund_url(payment), refund_form())
    assert set(seen) == {1}


@pytest.mark.parametrize("name", ["payment-process", "payment-completed", "payment-webhooks"])
def test_pages_that_must_not_run_in_a_transaction_say_so(name: str) -> None:
    view: Any = resolve(reverse(f"jumun:{name}")).func
    assert view._non_atomic_requests == {"default"}


@pytest.mark.parametrize("path", ["jumun_payments/payment/1/refund/", "jumun_orders/order/1/cancel/"])
def test_so_do_those_of_the_admin(path: str) -> None:
    view: Any = resolve(f"/admin/{path}").func
    assert view._non_atomic_requests == {"default"}
