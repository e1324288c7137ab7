"""Paywright's own speed: sessions with their webhooks, memory, start, and lists and reads among many objects."""

import http.client
import json
import sqlite3
import statistics
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.answering import answering
from bench.process import memory_mb
from bench.row import OURS, Row, Run, bench
from bench.stage import Stage
from paywright.testing import Paywright

SESSIONS = 1_000
# Who buy at the same time: one alone waits for each answer, and the server for it.
BUYERS = 4
STARTS = 5
SESSION = urlencode(
    {
        "mode": "payment",
        "success_url": "http://shop.example/done",
        "line_items[0][price_data][currency]": "krw",
        "line_items[0][price_data][unit_amount]": 12_000,
        "line_items[0][price_data][product_data][name]": "김치",
        "line_items[0][quantity]": 2,
    }
)
OBJECTS = 100_000
KINDS = ("charges", "checkout/sessions", "events", "customers", "balance_transactions")
READS = 120


class Client:
    """One kept-alive connection."""

    def __init__(self, server: Paywright) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port)
        self.key = {"Authorization": f"Bearer {server.secret_key}"}

    def ask(
        self, method: str, path: str, body: str | None = None, kind: str = "x-www-form-urlencoded"
    ) -> dict[str, Any]:
        self.connection.request(method, path, body, {**self.key, "Content-Type": f"application/{kind}"})
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        found: dict[str, Any] = json.loads(text)
        return found

    def buy(self, times: int = 1) -> None:
        for _ in range(times):
            session = self.ask("POST", "/v1/checkout/sessions", SESSION)
            paid = self.ask("POST", f"/_paywright/sessions/{session['id']}/pay", '{"card": "4242424242424242"}', "json")
            assert paid["outcome"] == "succeeded"


@bench(
    Row("paywright", "Paywright: sessions created, paid, delivered", "sessions/s", bound=150),
    Row("paywright-memory", "Paywright: memory after 1,000 more sessions, compared with before", "MB more", bound=10),
    Row(
        "paywright-start",
        "Paywright: from nothing to a server that answers, as the pytest fixture starts it",
        "s",
        bound=0.3,
    ),
    warm_up=True,
    grows=False,
)
def paywright(_stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    shop = stack.enter_context(answering())
    server = stack.enter_context(Paywright(forward_to=shop.url))
    assert server.process
    pid = server.process.pid

    def run() -> Mapping[str, float]:
        before_mb, began = memory_mb(pid), time.perf_counter()
        with ThreadPoolExecutor(BUYERS) as buyers:
            clients = [Client(server) for _ in range(BUYERS)]
            list(buyers.map(lambda client: client.buy(SESSIONS // BUYERS), clients))
        server.settle(120)
        return {
            "paywright": SESSIONS / (time.perf_counter() - began),
            "paywright-memory": memory_mb(pid) - before_mb,
            "paywright-start": statistics.median(_start_s() for _ in range(STARTS)),
        }

    return {OURS: run}


def _start_s() -> float:
    began = time.perf_counter()
    with Paywright():
        return time.perf_counter() - began


@bench(
    Row(
        "paywright-reads",
        "Paywright: the slowest list or read among 100,000 objects, compared with an empty server",
        "times",
        bound=2,
    ),
    warm_up=True,
    in_quick=True,
    grows=False,
)
def paywright_reads(stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    few, many = (stage.folder / name for name in ("few.sqlite3", "many.sqlite3"))
    for path in (few, many):
        with Paywright(state=path) as server:
            Client(server).buy(20)
    _fill(many)
    empty, full = (Client(stack.enter_context(Paywright(state=path))) for path in (few, many))
    return {OURS: lambda: {"paywright-reads": max(times for kind in KINDS for times in _compare(kind, empty, full))}}


def _fill(path: Path) -> None:
    """Copy the objects of a state file until there are `OBJECTS`, under new ids."""
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute(
            "SELECT id, kind, created, doc FROM object WHERE kind != 'webhook_endpoint'"
        ).fetchall()
        for copy in range(OBJECTS // len(rows)):
            connection.executemany(
                "INSERT INTO object (id, kind, created, doc) VALUES (?, ?, ?, ?)",
                ((f"{i}{copy}", kind, created - copy, doc.replace(i, f"{i}{copy}")) for i, kind, created, doc in rows),
            )


def _compare(kind: str, empty: Client, full: Client) -> Iterator[float]:
    """How many times as long a list, and the newest object, take in the full server; read from both in turn."""
    newest = [client.ask("GET", f"/v1/{kind}?limit=1")["data"] for client in (empty, full)]
    paths = [(f"/v1/{kind}", f"/v1/{kind}")]
    if all(newest):
        paths.append((f"/v1/{kind}/{newest[0][0]['id']}", f"/v1/{kind}/{newest[1][0]['id']}"))
    for in_empty, in_full in paths:
        pairs = [(_read_s(empty, in_empty), _read_s(full, in_full)) for _ in range(READS)]
        # The quicker ones: what other work on the machine adds is no matter of how many objects there are.
        few_s, many_s = (statistics.quantiles(took, n=4)[0] for took in zip(*pairs, strict=True))
        yield many_s / few_s


def _read_s(client: Client, path: str) -> float:
    began = time.perf_counter()
    client.ask("GET", path)
    return time.perf_counter() - began
