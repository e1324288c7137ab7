"""Things that go wrong on request."""

import time

import httpx
import pytest
import stripe

from paywright.testing import Paywright
from tests.conformance.client import KRW_TWO, SUCCESS_URL, client_of
from tests.conformance.receiver import WAIT_S, Receiver

KEY = (Paywright.secret_key, "")
READ_ONLY_SHORTLY = httpx.Timeout(WAIT_S, read=0.3)


@pytest.fixture(scope="module")
def shop():
    shop = Receiver(Paywright.webhook_secret)
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def process(shop):
    with Paywright(forward_to=shop.url) as process:
        yield process


@pytest.fixture
def server(process, shop):
    process.reset()
    shop.events.clear()
    shop.bodies.clear()
    shop.problems.clear()
    return process


@pytest.fixture
def client(server):
    return client_of(server)


def expire_one(client):
    params = {"mode": "payment", "line_items": KRW_TWO, "success_url": SUCCESS_URL}
    session = client.v1.checkout.sessions.create(params=params)
    return client.v1.checkout.sessions.expire(session.id)


def test_duplicates_arrive(server, client, shop):
    server.faults({"kind": "duplicate", "times": 3})
    expire_one(client)
    server.settle()

    assert shop.types() == ["checkout.session.expired"]
    assert len(shop.events) == 3


def test_a_delayed_event_comes_later(server, client, shop):
    server.faults({"kind": "delay", "seconds": 60})
    expire_one(client)
    server.settle()
    assert shop.events == []

    server.advance(61)

    assert shop.types() == ["checkout.session.expired"]


def test_reordered_events_come_in_another_order(server, client, shop):
    server.faults({"kind": "reorder", "seconds": 30, "seed": 3})
    params = {"mode": "payment", "line_items": KRW_TWO, "success_url": SUCCESS_URL}
    for _ in range(4):
        client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params=params).id)
    server.advance(60)

    made = [e["id"] for e in server.events("checkout.session.expired")]
    came = [e["id"] for e in shop.events]
    assert sorted(made) == sorted(came)
    assert made != came


@pytest.mark.parametrize("kind", ["truncate", "reserialize", "wrong_signature", "old_timestamp"])
def test_a_spoilt_delivery_is_refused_and_a_later_one_accepted(server, client, shop, kind):
    server.faults({"kind": kind, "count": 1})
    expire_one(client)
    server.settle()
    refused = list(shop.problems)
    server.advance(5)

    assert len(refused) == 1
    assert shop.types() == ["checkout.session.expired"]


def test_the_same_seed_gives_the_same_faults(server, client, shop):
    def arrivals():
        server.reset()
        shop.events.clear()
        server.faults({"kind": "drop", "probability": 0.5, "seed": 11})
        for number in range(12):
            client.v1.customers.create(params={"name": str(number)})
        server.settle()
        return sorted(int(e["data"]["object"]["name"]) for e in shop.events)

    first = arrivals()

    assert 0 < len(first) < 12
    assert arrivals() == first


def test_a_delayed_event_keeps_what_else_strikes_it(server, client, shop):
    server.faults({"kind": "delay", "seconds": 60}, {"kind": "duplicate", "times": 2})
    expire_one(client)
    server.settle()

    server.advance(61)

    assert len(shop.events) == 2


def test_nothing_of_a_delay_is_left_after_a_reset(server, client, shop):
    server.faults({"kind": "delay", "seconds": 60})
    expire_one(client)
    server.settle()
    server.reset()
    server.faults({"kind": "drop"})

    expire_one(client)
    server.settle()

    assert shop.events == []


def test_what_comes_between_shifts_no_faults(server, client, shop):
    """Retries and events that time brings are between others by chance; the others are struck all the same."""

    def arrivals(*, between):
        server.reset()
        shop.events.clear()
        server.faults({"kind": "drop", "match": "c*", "probability": 0.5, "seed": 11})
        for number in range(12):
            client.v1.customers.create(params={"name": str(number)})
            if between:
                client.v1.coupons.create(params={"percent_off": 5})
        server.settle()
        return sorted(int(e["data"]["object"]["name"]) for e in shop.events if e["type"] == "customer.created")

    assert arrivals(between=True) == arrivals(between=False)


def test_a_fault_matches_some_events_only(server, client, shop):
    server.faults({"kind": "drop", "match": "charge.*"})
    params = {"mode": "payment", "line_items": KRW_TWO, "success_url": SUCCESS_URL}
    server.pay(client.v1.checkout.sessions.create(params=params).id)
    server.advance(5)

    assert sorted(shop.types()) == [
        "checkout.session.completed",
        "payment_intent.created",
        "payment_intent.succeeded",
    ]


def test_an_error_before_the_effect(server, client):
    server.faults({"kind": "error_before", "match": "POST /v1/customers", "status": 503})

    with pytest.raises(stripe.APIError) as refused:
        client.v1.customers.create(params={"name": "x"})

    assert refused.value.http_status == 503
    assert client.v1.customers.list().data == []


@pytest.mark.parametrize(("kind", "made"), [("error_before", 0), ("error_after", 1)])
def test_a_500_is_kept_for_its_key(server, client, kind, made):
    server.faults({"kind": kind, "match": "POST /v1/customers", "count": 1})

    for _ in range(2):
        with pytest.raises(stripe.APIError) as refused:
            client.v1.customers.create(params={"name": "x"}, options={"idempotency_key": "one"})

        assert refused.value.http_status == 500
    assert len(client.v1.customers.list().data) == made


def test_a_502_after_the_effect_is_healed_by_the_sdks_retry(server):
    """It is said by what stands before Stripe's own servers, which know the true answer."""
    server.faults({"kind": "error_after", "match": "POST /v1/customers", "count": 1, "status": 502})
    patient = client_of(server, max_network_retries=2)

    customer = patient.v1.customers.create(params={"name": "x"})

    assert [c.id for c in patient.v1.customers.list().data] == [customer.id]


@pytest.mark.parametrize(("kind", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_connection(server, client, kind, made):
    server.faults({"kind": kind, "match": "POST /v1/customers"})

    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create(params={"name": "x"})

    assert len(client.v1.customers.list().data) == made


def test_a_time_out_after_the_effect(server, client):
    server.faults({"kind": "timeout_after", "match": "POST /v1/customers", "seconds": 30})

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.api_base}/v1/customers", data={"name": "x"}, auth=KEY, timeout=READ_ONLY_SHORTLY)
    while not server.request("GET", "faults")["faults"][0]["struck"]:
        time.sleep(0.01)

    assert len(client.v1.customers.list().data) == 1


def test_rate_limits_are_not_remembered_by_the_key(server, client):
    server.faults({"kind": "rate_limit", "count": 1})
    key = {"idempotency_key": "limited"}

    with pytest.raises(stripe.RateLimitError) as refused:
        client.v1.customers.create(params={"name": "x"}, options=key)

    assert (refused.value.http_status, refused.value.error.code) == (429, "rate_limit")
    assert client.v1.customers.create(params={"name": "x"}, options=key).name == "x"


def test_lock_time_outs_are_retried_by_the_sdk(server):
    server.faults({"kind": "lock_timeout", "match": "POST *", "count": 1})

    assert client_of(server, max_network_retries=1).v1.customers.create(params={"name": "x"}).name == "x"


def test_a_conflict(server, client):
    server.faults({"kind": "conflict", "match": "POST *"})

    with pytest.raises(stripe.APIError) as refused:
        client.v1.customers.create(params={})

    assert (refused.value.http_status, refused.value.error.code) == (409, "idempotency_key_in_use")


def test_a_conflict_is_retried_by_the_sdk(server):
    server.faults({"kind": "conflict", "match": "POST *", "count": 1})

    assert client_of(server, max_network_retries=1).v1.customers.create(params={"name": "x"}).name == "x"


def test_a_key_is_in_use_while_its_first_request_runs(server):
    server.faults({"kind": "slow", "match": "POST *", "seconds": 600, "count": 1})
    key = {"Idempotency-Key": "slow"}

    with httpx.Client(base_url=server.api_base, auth=KEY, trust_env=False, timeout=WAIT_S) as http:
        # The first one's client gives up, and its request goes on.
        with pytest.raises(httpx.ReadTimeout):
            http.post("/v1/customers", data={"name": "x"}, headers=key, timeout=READ_ONLY_SHORTLY)
        while not server.request("GET", "faults")["faults"][0]["struck"]:
            time.sleep(0.01)
        second = http.post("/v1/customers", data={"name": "x"}, headers=key)
        other = http.post("/v1/customers", data={"name": "x"}, headers={"Idempotency-Key": "another"})

    assert (second.status_code, other.status_code) == (409, 200)
    assert second.json()["error"]["code"] == "idempotency_key_in_use"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "nonsense"},
        {"kind": "drop", "probability": 2},
        {"kind": "drop", "nope": 1},
        {"kind": "error_before", "status": 200},
        {},
    ],
)
def test_an_unknown_fault_is_refused(server, fault):
    with pytest.raises(AssertionError, match="400"):
        server.faults(fault)
