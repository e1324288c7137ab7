"""Delivery of events: signatures, retries, endpoints, restarts."""

import hashlib
import hmac
import json
import sqlite3
import threading
import time
from contextlib import closing

import pytest
import stripe

from paywright.testing import Paywright
from tests.conformance.client import KRW_TWO, SUCCESS_URL, client_of
from tests.conformance.receiver import WAIT_S, Receiver


@pytest.fixture
def shop():
    """An endpoint of this test's own."""
    shop = Receiver(Paywright.webhook_secret)
    yield shop
    shop.close()


@pytest.fixture
def server(shop, tmp_path):
    with Paywright(forward_to=shop.url, state=tmp_path / "state.sqlite3") as server:
        yield server


def session_of(client):
    params = {"mode": "payment", "line_items": KRW_TWO, "success_url": SUCCESS_URL}
    return client.v1.checkout.sessions.create(params=params)


def pay(server, card=None):
    return server.pay(session_of(client_of(server)).id, card)


def test_each_delivery_is_signed_over_its_raw_body(server, shop):
    began = int(time.time())
    pay(server)
    shop.wait_for("checkout.session.completed")

    headers, body = shop.headers[0], shop.bodies[0]
    moment, signature = (part.split("=", 1)[1] for part in headers["stripe-signature"].split(","))
    expected = hmac.new(server.webhook_secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()

    assert signature == expected
    assert began <= int(moment) <= time.time()
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["user-agent"] == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


def test_an_event_names_the_request_that_caused_it(server, shop):
    client = client_of(server)
    session = session_of(client)
    client.v1.checkout.sessions.expire(session.id, options={"idempotency_key": "my key"})

    (event,) = shop.wait_for("checkout.session.expired")

    assert event["request"]["id"].startswith("req_")
    assert event["request"]["idempotency_key"] == "my key"
    assert event["api_version"] == "2026-10-28.endive"


def test_a_refused_delivery_is_retried_with_a_new_signature_and_the_same_body(server, shop):
    shop.answers = [500, 404, 302]
    client = client_of(server)
    client.v1.checkout.sessions.expire(session_of(client).id)
    server.advance("4h")

    (event,) = shop.wait_for("checkout.session.expired")

    assert len(set(shop.bodies)) == 1
    assert len(shop.bodies) == 4
    assert len({h["stripe-signature"] for h in shop.headers}) == 4
    (delivery,) = server.deliveries(event["id"])
    assert [a["status"] for a in delivery["attempts"]] == [500, 404, 302, 200]
    assert delivery["state"] == "succeeded"


def test_pending_webhooks_counts_down(server, shop):
    # The second refusal is for a machine that takes five seconds to get here.
    shop.answers = [500, 500]
    client = client_of(server)
    client.v1.checkout.sessions.expire(session_of(client).id)
    server.settle()
    before = server.events("checkout.session.expired")[0]["pending_webhooks"]
    undelivered = client.v1.events.list(params={"delivery_success": False}).data
    server.advance("4h")
    after = server.events("checkout.session.expired")[0]["pending_webhooks"]

    assert (before, after) == (1, 0)
    assert [e.type for e in undelivered] == ["checkout.session.expired"]
    assert client.v1.events.list(params={"delivery_success": False}).data == []


def test_an_event_is_sent_again_three_times_over_some_hours_then_no_more(server, shop):
    shop.answers = [500] * 100
    client = client_of(server)
    client.v1.checkout.sessions.expire(session_of(client).id)
    server.advance("1h")
    assert len(shop.bodies) == 3
    server.advance("1d")

    (delivery,) = server.deliveries(server.events("checkout.session.expired")[0]["id"])

    assert (delivery["state"], len(delivery["attempts"])) == ("failed", 4)


def test_what_was_not_delivered_is_delivered_after_a_restart(server, shop):
    shop.answers = [500] * 1000
    pay(server)
    server.kill()
    shop.answers = []
    server.start()

    for kind in (
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ):
        assert len(shop.wait_for(kind)) == 1


def test_a_delivery_under_way_at_the_end_is_made_again(server, shop):
    shop.hold.clear()
    client = client_of(server)
    client.v1.checkout.sessions.expire(session_of(client).id)
    assert shop.reached.wait(WAIT_S)
    server.stop()
    answered = list(shop.events)
    shop.hold.set()
    server.start()

    first, again = shop.wait_for("checkout.session.expired", 2)

    assert answered == []
    assert first == again


def test_the_page_waits_for_the_webhook_before_it_goes_on(server, shop):
    session = session_of(client_of(server))
    shop.hold.clear()
    page = threading.Thread(target=server.pay, args=(session.id,))
    page.start()
    assert shop.reached.wait(WAIT_S)
    page.join(0.3)
    waited = page.is_alive()
    shop.hold.set()
    page.join()

    assert waited
    shop.wait_for("checkout.session.completed")


def test_endpoints_get_the_events_they_asked_for_signed_with_their_own_secret(server):
    client = client_of(server)
    only = Receiver("unset")
    endpoint = client.v1.webhook_endpoints.create(
        params={"url": only.url, "enabled_events": ["checkout.session.completed"], "api_version": "2026-08-26.dahlia"}
    )
    only.secret = endpoint.secret or ""
    try:
        pay(server)
        (event,) = only.wait_for("checkout.session.completed")
        server.advance(5)

        assert only.types() == ["checkout.session.completed"]
        assert event["api_version"] == "2026-08-26.dahlia"
        assert event["pending_webhooks"] == 2
        assert "secret" not in client.v1.webhook_endpoints.retrieve(endpoint.id)
    finally:
        only.close()


def test_a_disabled_endpoint_gets_nothing_more(server, shop):
    client = client_of(server)
    (endpoint,) = client.v1.webhook_endpoints.list().data
    client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})

    client.v1.checkout.sessions.expire(session_of(client).id)
    server.settle()

    assert shop.types() == []
    assert server.events("checkout.session.expired")[0]["pending_webhooks"] == 0


def test_disabling_between_attempts_stops_the_retries(server, shop):
    shop.answers = [500] * 100
    client = client_of(server)
    client.v1.checkout.sessions.expire(session_of(client).id)
    server.settle()
    (endpoint,) = client.v1.webhook_endpoints.list().data
    client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    server.settle()
    tried = len(shop.bodies)
    server.advance("1d")

    assert len(shop.bodies) == tried


def test_an_endpoint_that_is_enabled_again_before_the_next_attempt_gets_it(server, shop):
    shop.answers = [500, 500]
    client = client_of(server)
    client.v1.checkout.sessions.expire(session_of(client).id)
    server.advance(6)
    (endpoint,) = client.v1.webhook_endpoints.list().data
    for disabled in (True, False):
        client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": disabled})
    server.advance("1h")

    assert shop.types() == ["checkout.session.expired"]


def test_a_deleted_endpoint_is_gone(server):
    client = client_of(server)
    (endpoint,) = client.v1.webhook_endpoints.list().data

    assert client.v1.webhook_endpoints.delete(endpoint.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook endpoint"):
        client.v1.webhook_endpoints.retrieve(endpoint.id)


def test_while_a_secret_is_rolled_both_sign(server, shop):
    client = client_of(server)
    (endpoint,) = client.v1.webhook_endpoints.list().data
    new = server.request("POST", f"endpoints/{endpoint.id}/roll", {"expires_in": "1h"})["secret"]

    client.v1.checkout.sessions.expire(session_of(client).id)
    shop.wait_for("checkout.session.expired")
    header, body = shop.headers[0]["stripe-signature"], shop.bodies[0]

    assert header.count("v1=") == 2
    assert stripe.Webhook.construct_event(body, header, new)
    server.advance("2h")
    shop.secret = new
    client.v1.checkout.sessions.expire(session_of(client).id)
    shop.wait_for("checkout.session.expired", 2)
    assert shop.headers[1]["stripe-signature"].count("v1=") == 1


def test_an_event_can_be_sent_again(server, shop):
    client = client_of(server)
    client.v1.checkout.sessions.expire(session_of(client).id)
    (event,) = shop.wait_for("checkout.session.expired")

    server.resend(event["id"])

    again = shop.wait_for("checkout.session.expired", 2)
    assert again[0] == again[1]


def test_an_event_is_sent_again_to_those_that_are_still_there(server, shop):
    client = client_of(server)
    gone = client.v1.webhook_endpoints.create(params={"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    client.v1.checkout.sessions.expire(session_of(client).id)
    (event,) = shop.wait_for("checkout.session.expired")
    client.v1.webhook_endpoints.delete(gone.id)

    server.resend(event["id"])

    shop.wait_for("checkout.session.expired", 2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://shop..example/", f"http://{'x' * 64}.example/"])
def test_an_address_that_cannot_be_is_refused(server, url):
    with pytest.raises(stripe.InvalidRequestError, match="Not a valid URL"):
        client_of(server).v1.webhook_endpoints.create(params={"url": url, "enabled_events": ["*"]})


def test_what_cannot_be_sent_is_an_attempt_that_failed(server, tmp_path):
    """As of a state that an older Paywright wrote, which took such addresses."""
    server.stop()
    with closing(sqlite3.connect(tmp_path / "state.sqlite3")) as state, state:
        state.execute(
            "UPDATE object SET doc = json_set(doc, '$.url', 'http://127.0.0.1:99999/') WHERE kind = 'webhook_endpoint'"
        )
    server.forward_to = None
    server.start()
    client = client_of(server)
    (endpoint,) = client.v1.webhook_endpoints.list().data
    client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})
    client.v1.customers.create(params={})
    server.settle()

    (delivery,) = server.deliveries()
    assert delivery["state"] == "pending"
    assert "not an address" in delivery["attempts"][0]["outcome"]


def test_events_are_filtered_by_type_with_a_wildcard(server):
    client = client_of(server)
    pay(server)

    def types(**params):
        return {e.type for e in client.v1.events.list(params=params).data}

    assert types(type="payment_intent.*") == {"payment_intent.created", "payment_intent.succeeded"}
    assert types(type="charge.succeeded") == {"charge.succeeded"}
    assert types(types=["charge.succeeded", "payment_intent.created"]) == {"charge.succeeded", "payment_intent.created"}
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        types(type="a", types=["b"])
    with pytest.raises(stripe.InvalidRequestError, match="at most 20"):
        types(types=["charge.succeeded"] * 21)


def test_a_missed_event_is_caught_up_by_polling(server, shop):
    server.faults({"kind": "drop", "match": "checkout.session.completed"})
    session_id = pay(server)["session"]["id"]
    server.settle()

    (missed,) = client_of(server).v1.events.list(params={"delivery_success": False}).data

    assert "checkout.session.completed" not in shop.types()
    assert missed.data.object["id"] == session_id
    assert json.loads(json.dumps(missed.to_dict()))["type"] == "checkout.session.completed"


def test_an_event_can_be_read_for_thirty_days(server):
    client = client_of(server)
    client.v1.customers.create(params={})
    (event,) = server.events("customer.created")
    server.advance("29d")
    assert client.v1.events.retrieve(event["id"]).id == event["id"]

    server.advance("1d")

    with pytest.raises(stripe.InvalidRequestError, match="No such event") as refused:
        client.v1.events.retrieve(event["id"])
    assert refused.value.http_status == 404
