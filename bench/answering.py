"""A server that answers each request at once: Stripe for the store, and a shop for Paywright."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shop.run.configuration import HOST


class Answering(ThreadingHTTPServer):
    """``objects`` are the bodies it answers to GET, by the last part of the path; to POST it says 200 and nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.url = f"http://{HOST}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: in two, each answer would wait for the other side's delayed acknowledgement.
    wbufsize = -1
    server: Answering

    def do_GET(self) -> None:
        self._answer(self.server.objects[self.path.partition("?")[0].rpartition("/")[2]])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing for each request."""


@contextmanager
def answering() -> Iterator[Answering]:
    """The server, for the length of a ``with`` block."""
    with Answering() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
