"""Paywright's own speed: sessions a second with their webhooks, and its memory.

CPU times are the server's own and stay true on a busy machine; wall times do not. ``python -m bench paywright`` gives
the row of the table, ``python -m bench.paywright`` all of it.
"""

import http.client
import json
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from paywright.testing import Paywright

SESSIONS = 1_000
BUYERS = 4
"""Who buy at the same time: one alone waits for each answer, and the server for it."""
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


class Shop(BaseHTTPRequestHandler):
    """Answers every webhook with 200 at once."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed for each of them."""


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

    def buy_often(self, times: int) -> None:
        for _ in range(times):
            self.buy()

    def buy(self) -> None:
        session = self.ask("POST", "/v1/checkout/sessions", SESSION)
        paid = self.ask("POST", f"/_paywright/sessions/{session['id']}/pay", '{"card": "4242424242424242"}', "json")
        assert paid["outcome"] == "succeeded"


@dataclass(frozen=True, slots=True)
class Round:
    """What `SESSIONS` sessions took, until all were paid and all their webhooks answered."""

    wall_s: float
    cpu_s: float
    memory_mb: float
    memory_grown_mb: float

    @property
    def sessions_per_s(self) -> float:
        return SESSIONS / self.wall_s


@contextmanager
def rounds() -> Iterator[Callable[[], Round]]:
    """A server with a shop that answers its webhooks; each call buys `SESSIONS` times."""
    shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    with Paywright(forward_to=f"http://127.0.0.1:{shop.server_port}/") as server:
        yield lambda: _round(server)
    shop.shutdown()
    shop.server_close()


def _round(server: Paywright) -> Round:
    clients = [Client(server) for _ in range(BUYERS)]
    cpu, memory, wall = cpu_s(server), memory_mb(server), time.perf_counter()
    with ThreadPoolExecutor(BUYERS) as buyers:
        list(buyers.map(lambda client: client.buy_often(SESSIONS // BUYERS), clients))
    server.settle(120)
    return Round(time.perf_counter() - wall, cpu_s(server) - cpu, memory_mb(server), memory_mb(server) - memory)


def start_s() -> float:
    """Seconds until a new server has answered once: the median of five."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        with Paywright():
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def main() -> None:
    """Print what the table of the bench has no room for."""
    with rounds() as run:
        for number in range(3):
            done = run()
            print(
                f"{SESSIONS} sessions, round {number + 1}: {done.sessions_per_s:.0f}/s,"
                f" {done.cpu_s / SESSIONS * 1000:.2f} ms of the server's CPU each,"
                f" {done.memory_mb:.0f} MB after them"
            )


def cpu_s(server: Paywright) -> float:
    """Seconds of CPU the server has used, from Linux's /proc."""
    fields = _proc(server, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(server: Paywright) -> float:
    """Resident memory of the server in MB, from Linux's /proc."""
    status = _proc(server, "status")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def _proc(server: Paywright, name: str) -> str:
    assert server.process is not None
    return Path(f"/proc/{server.process.pid}/{name}").read_text()


if __name__ == "__main__":
    main()
