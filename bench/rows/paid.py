"""From the arrival of an event to the commit that makes its order paid, at an even 100 events a second.

The store runs as `./run` runs it: web server and one worker. Stripe, which the worker asks for the card, answers at
once. The limit is one commit.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg

from bench.events import event_of, p99, request_of, send
from bench.row import LIMIT, OURS, Bench, Contestant, Row
from bench.serving import Server, cpu_s, serving
from bench.stage import ROOT, Stage, environment, run_django
from shop.configuration import HOST

PER_S = 100
CONNECTIONS = 16
LOOK_EVERY_S = 0.005
GIVE_UP_S = 300
PATH = "/payment/webhooks/"

PAID = Row(
    name="paid",
    title='event to "paid" visible, 100 events/s: 99 of 100 within',
    unit="ms",
    better="less",
    bound=250,
)
MEDIAN = Row(name="paid-median", title='event to "paid" visible, 100 events/s: median', unit="ms", better="less")
CPU = Row(name="paid-cpu", title="the worker's processor time for an event", unit="ms", better="less")


class Stripe(ThreadingHTTPServer):
    """Tells of sessions what it was told to, at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Answering)
        self.sessions: dict[str, bytes] = {}


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: in two, each answer would wait for the other side's delayed acknowledgement.
    wbufsize = -1
    server: Stripe

    def do_GET(self) -> None:
        body = self.server.sessions[self.path.partition("?")[0].rpartition("/")[2]]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed for each of them."""


@contextmanager
def _worker(url: str, stripe: str) -> Iterator[int]:
    command = [sys.executable, "-m", "django", "work"]
    process = subprocess.Popen(command, env=environment(url, STRIPE_API_BASE=stripe), cwd=ROOT)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _round(url: str, store: Server, worker: int, stripe: Stripe, count: int) -> dict[str, float]:
    told = run_django("bench.site.unpaid", str(count), database=url).splitlines()
    sessions: list[dict[str, Any]] = [json.loads(line) for line in told]
    stripe.sessions |= {session["id"]: json.dumps(session).encode() for session in sessions}
    requests = [
        request_of(event_of(one | {"payment_intent": one["payment_intent"]["id"]}, "checkout.session.completed"), PATH)
        for one in sessions
    ]
    references = [str(session["client_reference_id"]) for session in sessions]
    before, begun = cpu_s(worker), time.perf_counter()
    sender = threading.Thread(
        target=send, args=(store.port, requests), kwargs={"connections": CONNECTIONS, "per_s": PER_S}
    )
    sender.start()
    seen = _paid(url, references)
    sender.join()
    took = [(seen[name] - begun - number / PER_S) * 1000 for number, name in enumerate(references)]
    return {
        PAID.name: p99(took),
        MEDIAN.name: sorted(took)[count // 2],
        CPU.name: (cpu_s(worker) - before) * 1000 / count,
    }


def _paid(url: str, references: list[str]) -> dict[str, float]:
    """When each order was first seen to be paid."""
    seen: dict[str, float] = {}
    missing, give_up = set(references), time.monotonic() + GIVE_UP_S
    with psycopg.connect(url, autocommit=True) as connection:
        while missing and time.monotonic() < give_up:
            found = connection.execute(
                "SELECT reference FROM jumun_orders_order WHERE reference = ANY(%s) AND state = 'paid'", [list(missing)]
            ).fetchall()
            now = time.perf_counter()
            seen |= {reference: now for (reference,) in found}
            missing -= seen.keys()
            time.sleep(LOOK_EVERY_S)
    if missing:
        raise RuntimeError(f"{len(missing)} orders were not paid in {GIVE_UP_S} s")
    return seen


def _one_commit(url: str, count: int) -> dict[str, float]:
    took = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(count):
            begun = time.perf_counter()
            connection.execute("UPDATE jumun_orders_order SET phone = phone WHERE id = 1")
            took.append((time.perf_counter() - begun) * 1000)
            time.sleep(1 / PER_S)
    return {PAID.name: p99(took), MEDIAN.name: sorted(took)[count // 2]}


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url, count = stage.postgresql(), 200 if stage.quick else 500
    stripe = Stripe()
    threading.Thread(target=stripe.serve_forever, daemon=True).start()
    with serving(url) as store, _worker(url, f"http://{HOST}:{stripe.server_port}") as worker:
        ours = Contestant(OURS, lambda: _round(url, store, worker, stripe, count))
        ours.run()  # imports and connections are there from now on
        yield [ours, Contestant(LIMIT, lambda: _one_commit(url, count))]
    stripe.shutdown()
    stripe.server_close()


BENCH = Bench(rows=(PAID, MEDIAN, CPU), contestants=contestants)
