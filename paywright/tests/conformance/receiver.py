"""A webhook endpoint for the tests: verifies with the real SDK, checks every event, keeps what came."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe

from tests.conformance.conforming import check_event

WAIT_S = 90
"""For what comes within a second, on a machine that is busy with something else."""


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that was killed in the middle is part of the tests."""


class Receiver:
    """An HTTP server on a free port. ``answers`` are the statuses of the next deliveries, then 200.

    ``reached`` is set once a delivery has come, and while ``hold`` is clear it gets no answer.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.answers: list[int] = []
        self.problems: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self.reached = threading.Event()
        self._server = _QuietServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/payment/webhooks/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        self.reached.set()
        self.hold.wait(WAIT_S)
        status = self.answers.pop(0) if self.answers else 200
        try:
            stripe.Webhook.construct_event(body, headers["stripe-signature"], self.secret)
            event = json.loads(body)
            check_event(event)
        except (ValueError, AssertionError, stripe.SignatureVerificationError) as problem:
            self.problems.append(str(problem))
            return 400
        self.bodies.append(body)
        self.headers.append(headers)
        if status == 200:
            self.events.append(event)
        return status

    def types(self, about: Callable[[dict[str, Any]], bool] = lambda event: True) -> list[str]:
        """Types of the accepted events, in the order in which they were made."""
        chosen = {event["id"]: event for event in list(self.events) if about(event)}
        return [event["type"] for event in chosen.values()]

    def wait_for(self, kind: str, count: int = 1, timeout_s: float = WAIT_S) -> list[dict[str, Any]]:
        """Return the accepted events of one type once there are ``count``."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found = [event for event in list(self.events) if event["type"] == kind]
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no {kind} within {timeout_s} s; came: {self.types()}; problems: {self.problems}")

    def _handler(receiver) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(receiver.take(body, headers))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        return Handler
