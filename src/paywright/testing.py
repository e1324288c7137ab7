"""Start Paywright for tests: a process of its own on a free port, spoken to over HTTP alone."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paywright.server import address, listen

Json = dict[str, Any]

SECRET_KEY = "sk_test_paywright"  # noqa: S105 (any sk_test_ key is accepted)
WEBHOOK_SECRET = "whsec_paywright"  # noqa: S105

START_TIMEOUT_S = 15.0


class NotStarted(Exception):
    """The server process ended or did not answer in time."""


class Paywright:
    """A running server.

    ``api_base`` is its address, ``secret_key`` a key it accepts, ``webhook_secret`` what signs the
    events sent to ``forward_to``. Use it as a context manager, or call ``start`` and ``stop``.
    """

    secret_key = SECRET_KEY
    webhook_secret = WEBHOOK_SECRET

    def __init__(
        self, *, forward_to: str | None = None, state: Path | None = None, port: int = 0, options: tuple[str, ...] = ()
    ) -> None:
        self.forward_to = forward_to
        self.state = state
        self.port = port
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None
        self.api_base = ""

    def start(self) -> Self:
        """Start the process and return once it answers; raise NotStarted."""
        # Handed over listening, so that no other process can take the port in between.
        listener = listen("127.0.0.1", self.port)
        self.api_base = address(listener)
        self.port = listener.getsockname()[1]
        command = [sys.executable, "-m", "paywright", "serve", "--fd", str(listener.fileno()), *self._options()]
        self.process = subprocess.Popen(command, pass_fds=[listener.fileno()], stdout=subprocess.DEVNULL)  # noqa: S603
        listener.close()
        self._wait_until_ready()
        return self

    def _options(self) -> list[str]:
        forward = ["--forward-to", self.forward_to] if self.forward_to else []
        state = ["--state", str(self.state)] if self.state else []
        return [*forward, "--secret", self.webhook_secret, *state, *self.options]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                raise NotStarted(f"the server ended with code {self.process.returncode}")
            # The socket listens already, so the first request is answered when the server is ready.
            with contextlib.suppress(OSError):
                self.request("GET", "/_paywright/health")
                return
        self.stop()
        raise NotStarted(f"the server did not answer within {START_TIMEOUT_S:.0f} s")

    def stop(self) -> None:
        """End the process; a no-op when it has ended."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def pay(self, session_id: str, card: str = "4242424242424242", **more: str) -> Json:
        """Pay a session as ``card`` would; return ``{"outcome": ..., "code", "message", "session"}``.

        ``three_d_secure="complete"`` or ``"fail"`` also ends the challenge; ``email``, ``name`` and
        ``country`` are what the buyer types. Returns once the webhook for the completed session
        has been answered (or after 5 s).
        """
        return self.request("POST", f"/_paywright/sessions/{session_id}/pay", {"card": card, **more})

    def request(self, method: str, path: str, body: Json | None = None) -> Json:
        """Call one of the sandbox's own JSON routes; raise AssertionError with its message on refusal."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 (always http to this machine)
            self.api_base + path, data, {"Content-Type": "application/json"}, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                result: Json = json.load(answer)
        except urllib.error.HTTPError as refusal:
            raise AssertionError(f"{method} {path}: {refusal.code} {refusal.read().decode()[:500]}") from None
        return result
