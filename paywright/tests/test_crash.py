"""``kill -9`` under load: whatever a client was answered is there afterwards, and answers the same again."""

import threading
import time
from dataclasses import dataclass, field

import httpx

from paywright.testing import Paywright
from tests.conformance.client import one_item
from tests.conformance.receiver import WAIT_S

CLIENTS = 6
PAID_BEFORE = 18
GOOD = "4242424242424242"
COMPLETED = "checkout.session.completed"
UNCHANGING = ("id", "created", "amount", "amount_total", "charge", "currency")


@dataclass
class Buyer:
    """Buys and takes a part back until nobody answers any more, and remembers every answer."""

    server: Paywright
    number: int
    answered: list[tuple[str, dict[str, str], str, bytes]] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)

    def run(self) -> None:
        with http_of(self.server) as http:
            try:
                while True:
                    self.buy(http)
            except httpx.HTTPError:
                return

    def buy(self, http: httpx.Client) -> None:
        session = self.post(http, "/v1/checkout/sessions", one_item("usd", 500))["id"]
        paid = http.post(f"/_paywright/sessions/{session}/pay", json={"card": GOOD}).raise_for_status().json()
        self.paid.append(session)
        self.post(http, "/v1/refunds", {"payment_intent": paid["payment_intent"], "amount": "100"})

    def post(self, http: httpx.Client, path: str, form: dict[str, str]) -> dict[str, str]:
        key = f"{self.number}-{len(self.answered)}"
        answer = http.post(path, data=form, headers={"Idempotency-Key": key}).raise_for_status()
        self.answered.append((path, form, key, answer.content))
        return answer.json()


def http_of(server: Paywright) -> httpx.Client:
    return httpx.Client(base_url=server.api_base, auth=(server.secret_key, ""), trust_env=False, timeout=WAIT_S)


def test_nothing_answered_is_lost(tmp_path):
    server = Paywright(state=tmp_path / "state.sqlite3").start()
    buyers = [Buyer(server, number) for number in range(CLIENTS)]
    threads = [threading.Thread(target=buyer.run) for buyer in buyers]
    for thread in threads:
        thread.start()
    while sum(len(buyer.paid) for buyer in buyers) < PAID_BEFORE and all(thread.is_alive() for thread in threads):
        time.sleep(0.01)
    server.kill()
    for thread in threads:
        thread.join()
    answered = [answer for buyer in buyers for answer in buyer.answered]
    paid = {session for buyer in buyers for session in buyer.paid}

    with server.start(), http_of(server) as http:
        server.advance(10)
        kept = {s["id"]: s for s in every(http, "/v1/checkout/sessions")}
        refunds = {r["id"]: r for r in every(http, "/v1/refunds")}
        completed = {e["data"]["object"]["id"] for e in every(http, "/v1/events", type=COMPLETED)}
        again = [http.post(path, data=form, headers={"Idempotency-Key": key}) for path, form, key, _ in answered]
        balance = http.get("/v1/balance").json()
        transactions = list(every(http, "/v1/balance_transactions"))

    assert len(paid) >= PAID_BEFORE
    assert [answer.content for answer in again] == [content for *_, content in answered]
    assert {answer.headers.get("idempotent-replayed") for answer in again} == {"true"}
    for made in (answer.json() for answer in again):
        now = (kept if made["object"] == "checkout.session" else refunds)[made["id"]]
        assert [now[name] for name in UNCHANGING if name in made] == [made[name] for name in UNCHANGING if name in made]
    assert all(kept[session]["payment_status"] == "paid" for session in paid)
    assert paid <= completed == {s["id"] for s in kept.values() if s["status"] == "complete"}
    sums = [part["amount"] for status in ("available", "pending") for part in balance[status]]
    assert sum(sums) == sum(t["net"] for t in transactions)


def every(http, path, **more):
    """All objects of a list."""
    page = http.get(path, params={"limit": 100, **more}).json()
    yield from page["data"]
    while page["has_more"]:
        page = http.get(path, params={"limit": 100, "starting_after": page["data"][-1]["id"], **more}).json()
        yield from page["data"]
