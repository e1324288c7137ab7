"""What answers in Stripe's place and is not Stripe, such as a proxy with a page of its own, proves nothing."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe as sdk
from django.test import Client
from django.utils import timezone

from jumun.errors import StripeUnavailable
from jumun.outbox.models import Job
from jumun.payments.models import InboxEvent, Refund
from jumun.payments.refunds.refund import refund, resume
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.paying import buy, refunds_at_stripe, work
from tests.payments.stripe_says import deliver, event, session_of

pytestmark = pytest.mark.django_db

BODIES = (b"", b"[]", b"null", b'"pi_1"', b"{}", b'{"object": 5}', b"<html>Please log in</html>", b"\xff\xfe")
LISTS = (b'{"object": "list"}', b'{"object": "list", "data": {}, "has_more": true}')
# JSON of Stripe's own shape, and not what was asked for.
OTHERS = (
    b'{"object": "customer", "id": "cus_1"}',
    b'{"object": "checkout.session"}',
    b'{"object": "refund", "id": 5}',
    b'{"object": "list", "data": [{"object": "charge", "id": "ch_1"}], "has_more": false}',
    b'{"object": "list", "data": [{"object": "refund"}], "has_more": false}',
    b'{"object": "list", "data": ["re_1"], "has_more": false}',
)
ERRORS = (b'{"error": null}', b'{"error": []}', b'{"error": "no"}', b'{"error": {"message": []}}', b"\xff", b"nginx")
ANSWERS = [
    *((200, body) for body in (*BODIES, *LISTS, *OTHERS)),
    *((500, body) for body in ERRORS),
    *((429, body) for body in ERRORS),
    *((400, body) for body in ERRORS[:2]),
]


class Babbler(BaseHTTPRequestHandler):
    """Answers everything with the same."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=ANSWERS)
def babble(request: Any, settings: Any, monkeypatch: Any) -> Iterator[ThreadingHTTPServer]:
    # What every other test demands of Stripe's answers cannot be demanded of these.
    monkeypatch.setitem(sdk.RequestsClient.request.__globals__, "check_answer", lambda *_: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Babbler) as server:
        server.answer = request.param  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()
        thread.join()


def test_it_is_as_good_as_no_answer(babble: None) -> None:
    order = place_order()
    with pytest.raises(StripeUnavailable):
        list(gateway.pages("refunds", since=timezone.now()))
    pressed = Client().post("/payment/process/", {"order": order.reference})
    assert pressed.status_code == 503
    assert order.checkouts.get().state == "creating"
    back = Client().get("/payment/completed/", {"session_id": "cs_test_nobodys"})
    assert back.status_code in {404, 503}


RETRIEVED: list[tuple[Callable[[str], Any], str]] = [
    (gateway.retrieve_session, "checkout.session"),
    (gateway.expire_session, "checkout.session"),
    (gateway.retrieve_charge, "charge"),
    (gateway.retrieve_refund, "refund"),
    (gateway.retrieve_dispute, "dispute"),
    (gateway.retrieve_payout, "payout"),
    (gateway.retrieve_payment_intent, "payment_intent"),
]


@pytest.mark.parametrize("babble", [(200, b"")], indirect=True)
@pytest.mark.parametrize(("retrieve", "kind"), RETRIEVED)
def test_another_object_than_was_asked_for_is_no_answer(babble: Any, retrieve: Callable[[str], Any], kind: str) -> None:
    for answer in ({"object": kind, "id": "another"}, {"object": "product", "id": "mine"}, {"object": kind}):
        babble.answer = (200, json.dumps(answer).encode())
        with pytest.raises(StripeUnavailable):
            retrieve("mine")
    babble.answer = (200, json.dumps({"object": kind, "id": "mine"}).encode())
    assert retrieve("mine")["id"] == "mine"


@pytest.mark.parametrize("babble", [(200, b'{"object": "product", "id": "prod_1"}')], indirect=True)
def test_a_good_event_is_processed_whatever_else_is_answered(babble: Any) -> None:
    """What it leaves out is asked for again later."""
    order = place_order()
    assert deliver(event(session_of(order, payment_intent="pi_bare"))).status_code == 200
    work()
    order.refresh_from_db()
    assert (order.state, InboxEvent.objects.get().state) == ("paid", "done")
    lacking = Job.objects.get(kind="payments.complete")
    assert (lacking.state, lacking.attempts) == ("ready", 1)


@pytest.mark.parametrize("babble", [(400, b'{"error": {"message": "no \\u0000 \\ud800"}}')], indirect=True)
def test_a_refusal_in_words_that_no_database_takes_is_kept_all_the_same(babble: None) -> None:
    order = place_order()
    assert Client().post("/payment/process/", {"order": order.reference}).status_code == 503
    checkout = order.checkouts.get()
    assert (checkout.state, "no" in checkout.refusal) == ("refused", True)


def test_a_key_that_was_used_with_other_parameters_is_looked_into(stripe: Paywright, monkeypatch: Any) -> None:
    """As after an upgrade between two tries that sends something else along."""
    payment = buy(stripe)
    made = refund(payment, amount_minor=4_000, reason="", by=None)
    # As if the answer had been lost.
    Refund.objects.update(status="creating", refund_id=None, created_at=timezone.now() - timedelta(minutes=2))
    monkeypatch.setattr(gateway, "TRANSACTIONS_EXPAND", [])
    resume(Refund.objects.get())
    made.refresh_from_db()
    assert (made.status, refunds_at_stripe(payment)) == ("succeeded", [4_000])
