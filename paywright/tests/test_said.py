"""The check of all that the tests' servers say: it hears them, and what is wrong does not pass."""

import json

import pytest

from tests.conformance import recording
from tests.conformance.client import one_item
from tests.conformance.said import Said


def written(folder, **line):
    (folder / "1.jsonl").write_text(json.dumps(line) + "\n")
    return Said(folder).problems()


@pytest.fixture
def session(raw):
    return raw.post("/v1/checkout/sessions", data=one_item("usd", 500)).json()


def test_what_a_process_was_answered_is_heard(paywright, session):
    heard = [
        line
        for path in recording.folder().glob("*.jsonl")
        for line in path.read_text().splitlines()
        if session["id"] in line
    ]

    assert any(line.startswith('{"answer": ["POST", "/v1/checkout/sessions", 200') for line in heard)
    paywright.request("POST", f"sessions/{session['id']}/pay", {"card": "4242424242424242"})
    completed = recording.folder() / f"{paywright.process.pid}.jsonl"
    assert '"type": "checkout.session.completed"' in completed.read_text()


def test_a_wrong_answer_is_found_and_told_once(tmp_path, session):
    right = written(tmp_path, answer=["GET", f"/v1/checkout/sessions/{session['id']}", 200, json.dumps(session)])
    (wrong,) = written(
        tmp_path, answer=["GET", "/v1/checkout/sessions/cs_1", 200, json.dumps({**session, "status": "lost"})]
    )

    assert right == []
    assert "status" in wrong


@pytest.mark.parametrize(
    "change", [{"type": "no.such.event"}, {"api_version": 5}, {"data": {"object": {"object": "refund"}}}]
)
def test_a_wrong_event_is_found(tmp_path, client, change):
    client.v1.customers.create(params={})
    event = client.v1.events.list(params={"type": "customer.created"}).data[0].to_dict(recursive=True)

    assert written(tmp_path, event=event) == []
    assert len(written(tmp_path, event={**event, **change})) == 1


def test_a_crash_is_a_problem(tmp_path):
    assert "crashed" in written(tmp_path, crash=["GET", "/v1/charges", "Traceback"])[0]
