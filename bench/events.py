"""Stripe's events as they come over the network: signed, of the size that real ones have, on connections that last."""

import hashlib
import hmac
import itertools
import json
import socket
import statistics
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shop.run.configuration import HOST

SECRET = "whsec_bench"  # noqa: S105 (opens nothing)
BODY_BYTES = 2048
_numbers = itertools.count(time.time_ns())


def unique(prefix: str) -> str:
    """An id of Stripe's form that nothing else has."""
    return f"{prefix}_{next(_numbers)}"


def event_of(stripe_object: dict[str, object], kind: str) -> bytes:
    """The body of an event, filled up to `BODY_BYTES`."""
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
    return json.dumps(event | {"padding": "x" * max(0, BODY_BYTES - len(json.dumps(event)) - 16)}).encode()


def request_of(body: bytes, path: str, secret: str = SECRET) -> bytes:
    """The whole HTTP request, signed now: good for five minutes."""
    at = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Stripe-Signature: t={at},v1={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass(frozen=True, slots=True)
class Answered:
    """How a batch of requests was answered."""

    per_s: float
    took_ms: list[float]

    @property
    def p99_ms(self) -> float:
        return p99(self.took_ms)


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def send(port: int, requests: Sequence[bytes], *, connections: int, per_s: float | None = None) -> Answered:
    """Send them over that many connections, as fast as they are answered or at an even pace.

    At a pace, what a request takes counts from when it was due. Raises `RuntimeError` for another answer than 200.
    """
    turns = iter(enumerate(requests))
    turn = threading.Lock()
    took: list[float] = []
    errors: list[Exception] = []
    begun = time.perf_counter()

    def connection() -> None:
        try:
            with socket.create_connection((HOST, port)) as wire:
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                took.extend(_ask(wire, begun, _shared(turns, turn), per_s))
        except Exception as error:  # noqa: BLE001 (raised below, by whoever waits for all)
            errors.append(error)

    threads = [threading.Thread(target=connection) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError("an event was not taken") from errors[0]
    return Answered(len(requests) / (time.perf_counter() - begun), [seconds * 1000 for seconds in took])


def _shared(turns: Iterable[tuple[int, bytes]], turn: threading.Lock) -> Iterable[tuple[int, bytes]]:
    iterator = iter(turns)
    while True:
        with turn:
            found = next(iterator, None)
        if found is None:
            return
        yield found


def _ask(
    wire: socket.socket, begun: float, requests: Iterable[tuple[int, bytes]], per_s: float | None
) -> Iterable[float]:
    for number, request in requests:
        due = begun + number / per_s if per_s else time.perf_counter()
        time.sleep(max(0.0, due - time.perf_counter()))
        wire.sendall(request)
        answer = wire.recv(65536)
        while b"\r\n\r\n" not in answer or not _is_whole(answer):
            if not (more := wire.recv(65536)):
                raise RuntimeError(f"cut off after {answer!r}")
            answer += more
        if b" 200 " not in answer[:16]:
            raise RuntimeError(answer[:300].decode(errors="replace"))
        yield time.perf_counter() - due


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(body) >= int(length.split(b":")[1])
