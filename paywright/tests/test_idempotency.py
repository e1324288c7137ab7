"""Idempotency keys, as Stripe documents them (https://docs.stripe.com/api/idempotent_requests)."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.client import one_item


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def create(raw, key, **changes):
    return raw.post("/v1/checkout/sessions", data={**one_item("usd", 500), **changes}, headers={"Idempotency-Key": key})


def test_the_first_answer_is_replayed(raw, key):
    first, second = create(raw, key), create(raw, key)

    assert first.content == second.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert first.headers["original-request"] == first.headers["request-id"]
    assert second.headers["original-request"] == first.headers["request-id"] != second.headers["request-id"]
    assert second.headers["idempotency-key"] == key


def test_other_parameters_with_the_same_key_are_refused(raw, key):
    create(raw, key)

    other = create(raw, key, client_reference_id="2")

    assert other.status_code == 400
    error = other.json()["error"]
    assert (error["type"], error.get("code")) == ("idempotency_error", None)
    assert f"Try using a key other than '{key}'" in error["message"]


def test_another_endpoint_with_the_same_key_is_refused(raw, key, new_session):
    create(raw, key)

    other = raw.post(f"/v1/checkout/sessions/{new_session().id}/expire", headers={"Idempotency-Key": key})

    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


def test_a_failed_validation_is_forgotten(raw, key):
    assert create(raw, key, nope="1").status_code == 400

    assert create(raw, key).status_code == 200


def test_a_failure_after_execution_began_is_remembered(raw, key, new_session):
    session = new_session()
    path = f"/v1/checkout/sessions/{session.id}/expire"
    raw.post(path)

    first, second = (raw.post(path, headers={"Idempotency-Key": key}) for _ in range(2))

    assert first.status_code == second.status_code == 400
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"


def test_a_decline_is_remembered(raw, key):
    form = {"amount": "500", "currency": "usd", "payment_method": "pm_card_chargeDeclined", "confirm": "true"}

    first, second = (raw.post("/v1/payment_intents", data=form, headers={"Idempotency-Key": key}) for _ in range(2))

    assert first.status_code == second.status_code == 402
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"


def test_after_a_day_a_key_counts_as_new(raw, paywright, key):
    first = create(raw, key)
    paywright.advance("23h")
    replayed = create(raw, key)
    paywright.advance("1h")

    later = create(raw, key, client_reference_id="2")

    assert replayed.json()["id"] == first.json()["id"]
    assert (later.status_code, "idempotent-replayed" in later.headers) == (200, False)
    assert later.json()["id"] != first.json()["id"]


def test_a_missing_key_is_not_remembered_under_the_idempotency_key(paywright, raw, key):
    unauthorised = raw.post("/v1/checkout/sessions", headers={"Idempotency-Key": key, "Authorization": ""})

    assert unauthorised.status_code == 401
    assert create(raw, key).status_code == 200


def test_get_ignores_the_key(raw, key):
    answers = [raw.get(path, headers={"Idempotency-Key": key}) for path in ("/v1/events", "/v1/charges")]

    assert [a.status_code for a in answers] == [200, 200]
    assert all("idempotency-key" not in a.headers for a in answers)


def test_a_key_has_at_most_255_characters(raw):
    assert create(raw, "k" * 256).status_code == 400
    assert create(raw, "k" * 236 + uuid.uuid4().hex[:19]).status_code == 200


def test_twenty_at_once_with_one_key_make_one_session(raw, key):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: create(raw, key), range(20)))

    assert {a.status_code for a in answers} <= {200, 409}
    assert len({a.json()["id"] for a in answers if a.status_code == 200}) == 1


def test_headers_of_a_post(raw, key):
    answer = create(raw, key)

    assert answer.headers["stripe-should-retry"] == "false"
    assert answer.headers["stripe-version"] == "2026-08-26.dahlia"
    assert answer.headers["cache-control"] == "no-cache, no-store"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["request-id"].startswith("req_")
    assert len(answer.headers["request-id"]) == 18


def test_an_empty_key_is_none(raw):
    first, second = create(raw, ""), create(raw, "")

    assert first.json()["id"] != second.json()["id"]
    assert first.headers["stripe-should-retry"] == "false"
    assert "idempotency-key" not in first.headers


def test_parameters_in_another_order_and_encoding_are_the_same_request(raw, key):
    """The parameters count, not the bytes they came in."""
    form = {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key}

    first = raw.post("/v1/customers", content=b"name=Kim+Minji&metadata[a]=1&metadata[b]=2", headers=form)
    second = raw.post("/v1/customers", content=b"metadata%5Bb%5D=2&metadata%5Ba%5D=1&name=Kim%20Minji", headers=form)

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.json() == first.json()
