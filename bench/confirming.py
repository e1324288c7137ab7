"""Events that pay orders: sessions that Stripe has, the workers that read of them, and when their orders are paid."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg

from bench.events import event_of, request_of
from bench.stage import ROOT, environment, run_django
from shop.run.configuration import HOST

LOOK_EVERY_S = 0.005
GIVE_UP_S = 300
PATH = "/payment/webhooks/"


class Stripe(ThreadingHTTPServer):
    """Tells of sessions what it was told to, at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Answering)
        self.sessions: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"


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
def stripe_answering() -> Iterator[Stripe]:
    """Stripe, for the length of a ``with`` block."""
    stripe = Stripe()
    threading.Thread(target=stripe.serve_forever, daemon=True).start()
    try:
        yield stripe
    finally:
        stripe.shutdown()
        stripe.server_close()


@contextmanager
def working(url: str, command: Sequence[str], **more: str) -> Iterator[int]:
    """A worker's process on that database."""
    process = subprocess.Popen(command, env=environment(url, **more), cwd=ROOT)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """Orders, and the requests that pay them, in the same order."""

    references: list[str]
    requests: list[bytes]


def unpaid(url: str, stripe: Stripe, count: int) -> Unpaid:
    """New orders whose sessions were paid at Stripe just now."""
    told = run_django("bench.site.unpaid", str(count), database=url).splitlines()
    sessions: list[dict[str, Any]] = [json.loads(line) for line in told]
    stripe.sessions |= {session["id"]: json.dumps(session).encode() for session in sessions}
    return Unpaid(
        references=[str(session["client_reference_id"]) for session in sessions],
        requests=[
            request_of(
                event_of(one | {"payment_intent": one["payment_intent"]["id"]}, "checkout.session.completed"), PATH
            )
            for one in sessions
        ],
    )


def when_paid(url: str, references: list[str]) -> dict[str, float]:
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
