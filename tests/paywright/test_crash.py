"""``kill -9`` under load: whatever a client was answered is there afterwards."""

import threading
import time

import httpx

from paywright.testing import Paywright
from tests.paywright.test_errors import one_item

CLIENTS = 6
GOOD = "4242424242424242"


def test_nothing_answered_is_lost(tmp_path):
    server = Paywright(state=tmp_path / "state.sqlite3").start()
    answered: list[str] = []
    paid: list[str] = []

    def buy() -> None:
        with httpx.Client(base_url=server.api_base, auth=(server.secret_key, ""), trust_env=False, timeout=10) as http:
            while True:
                try:
                    session = http.post("/v1/checkout/sessions", data=one_item("usd", 500)).json()["id"]
                    answered.append(session)
                    http.post(f"/_paywright/sessions/{session}/pay", json={"card": GOOD}).raise_for_status()
                    paid.append(session)
                except httpx.HTTPError:
                    return

    clients = [threading.Thread(target=buy) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    deadline = time.monotonic() + 60
    while len(paid) < 30 and time.monotonic() < deadline:
        time.sleep(0.01)
    server.kill()
    for client in clients:
        client.join()

    with server.start(), httpx.Client(base_url=server.api_base, auth=(server.secret_key, ""), trust_env=False) as http:
        kept = {s["id"]: s for s in all_sessions(http)}

    assert len(paid) >= 30
    assert set(answered) <= set(kept)
    assert all(kept[session]["payment_status"] == "paid" for session in paid)


def all_sessions(http):
    page = http.get("/v1/checkout/sessions", params={"limit": 100}).json()
    yield from page["data"]
    while page["has_more"]:
        cursor = page["data"][-1]["id"]
        page = http.get("/v1/checkout/sessions", params={"limit": 100, "starting_after": cursor}).json()
        yield from page["data"]
