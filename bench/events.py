"""Stripe's events as they come over the network: signed, of the size that real ones have, on connections that last."""

import hashlib
import hmac
import itertools
import json
import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, NamedTuple

from shop.run.configuration import HOST

PATH = "/payment/webhooks/"
SECRET = "whsec_bench"  # noqa: S105 (opens nothing)
BODY_BYTES = 2048
_numbers = itertools.count(time.time_ns())


def unique(prefix: str) -> str:
    """An id of Stripe's form that nothing else has."""
    return f"{prefix}_{next(_numbers)}"


def request_of(stripe_object: dict[str, object], kind: str, path: str = PATH) -> bytes:
    """The HTTP request that tells of an event, filled up to `BODY_BYTES` and signed now: good for five minutes."""
    event: dict[str, object] = {
        "id": unique("evt"),
        "object": "event",
        "api_version": "2026-09-30.clover",
        "created": int(time.time()),
        "data": {"object": stripe_object},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    body = json.dumps(event | {"padding": "x" * max(0, BODY_BYTES - len(json.dumps(event)) - 16)}).encode()
    at = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Stripe-Signature: t={at},v1={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Answered(NamedTuple):
    """How a batch of requests was answered."""

    per_s: float
    p99_ms: float


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def send(port: int, requests: Sequence[bytes], *, connections: int, per_s: float | None = None) -> Answered:
    """Send them over that many connections, as fast as they are answered or at an even pace.

    At a pace, what a request takes counts from when it was due. Raises `RuntimeError` for another answer than 200.
    """
    # All connections take from this one iterator; `enumerate` of a list hands each item to one thread only.
    turns, begun = enumerate(list(requests)), time.perf_counter()

    def connection(_number: int) -> list[float]:
        with socket.create_connection((HOST, port)) as wire, wire.makefile("rb") as answers:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return list(sent(wire, answers))

    def sent(wire: socket.socket, answers: BinaryIO) -> Iterator[float]:
        for number, request in turns:
            due = begun + number / per_s if per_s else time.perf_counter()
            time.sleep(max(0.0, due - time.perf_counter()))
            wire.sendall(request)
            _expect_ok(answers)
            yield (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(connections) as threads:
        took_ms = [each for those in threads.map(connection, range(connections)) for each in those]
    return Answered(len(requests) / (time.perf_counter() - begun), p99(took_ms))


def _expect_ok(answers: BinaryIO) -> None:
    """Read one answer to its end."""
    status, length = answers.readline(), 0
    while (line := answers.readline()) not in {b"\r\n", b""}:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = answers.read(length)
    if b" 200 " not in status:
        raise RuntimeError(f"{status!r} {body[:300]!r}")
