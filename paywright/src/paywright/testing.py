"""Start Paywright for tests: a process of its own on a free port, spoken to over HTTP alone."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paywright.remote import RemoteRefusal, ask
from paywright.server import NotInstalled, address, check_installed, listen

Json = dict[str, Any]

SECRET_KEY = "sk_test_paywright"  # noqa: S105 (any sk_test_ key is accepted)
WEBHOOK_SECRET = "whsec_paywright"  # noqa: S105

START_TIMEOUT_S = 60.0


class NotStarted(Exception):
    """The server process ended or did not answer in time."""


class Paywright:
    """A running server.

    ``api_base`` is its address, ``secret_key`` a key it accepts, ``webhook_secret`` what signs the
    events sent to ``forward_to``. Use it as a context manager, or call ``start`` and ``stop``.
    Its methods raise AssertionError with the server's own words when it refuses.
    """

    secret_key = SECRET_KEY
    webhook_secret = WEBHOOK_SECRET
    program = (sys.executable, "-m", "paywright")
    """The command that starts the server."""

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
        try:
            check_installed()
        except NotInstalled as problem:
            raise NotStarted(str(problem)) from None
        # The server inherits a listening socket, so no other process can take the port in between.
        listener = listen("127.0.0.1", self.port)
        self.api_base = address(listener)
        self.port = listener.getsockname()[1]
        command = [*self.program, "serve", "--fd", str(listener.fileno()), *self._options()]
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
            # The socket listens already: the first request is answered as soon as the server is ready.
            with contextlib.suppress(RemoteRefusal):
                ask(self.api_base, "GET", "/_paywright/health")
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

    def kill(self) -> None:
        """End the process as a crash would (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self) -> Self:
        return self if self.process else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def pay(self, session: Any, card: str | None = None, **more: str) -> Json:
        """Pay a session as ``card`` (default 4242...) would; return ``{"outcome", "code", "message", "session"}``.

        The session is given by its id or as the SDK returned it, as are payments below.
        ``three_d_secure="complete"`` or ``"fail"`` also ends the challenge; ``iban`` pays by debit;
        ``email``, ``name`` and ``country`` are what the buyer types. Returns once the webhook for
        the completed session has been answered (or after 5 s).
        """
        chosen = {} if "iban" in more else {"card": card or "4242424242424242"}
        return self.request("POST", f"sessions/{_id(session)}/pay", {**chosen, **more})

    def forward(self, url: str | None, *, secret: str | None = None) -> None:
        """Send events to ``url`` from now on, signed with ``webhook_secret`` (or ``secret``).

        None restores ``forward_to``, which may be None too: then events are not sent.
        """
        body = {"url": url or self.forward_to, "secret": secret or self.webhook_secret}
        self.request("PUT", "forward", body)

    def refund(self, payment_intent: Any, *, amount: int | None = None, reason: str | None = None) -> Json:
        """Refund ``amount`` minor units (None: the rest) of a PaymentIntent, or of a session, and return the refund."""
        return self.request("POST", f"payments/{_id(payment_intent)}/refund", {"amount": amount, "reason": reason})

    def dispute(
        self, payment_intent: Any, *, reason: str = "fraudulent", amount: int | None = None, inquiry: bool = False
    ) -> Json:
        """Dispute a PaymentIntent, or a session, as its cardholder would and return the dispute."""
        body = {"reason": reason, "amount": amount, "inquiry": inquiry}
        return self.request("POST", f"payments/{_id(payment_intent)}/dispute", body)

    def advance(self, span: str | int) -> int:
        """Advance the server's clock by seconds or ``"2d"``, and run what falls due. Return its new time."""
        return int(self.request("POST", "clock", {"advance": span})["now"])

    def faults(self, *faults: Json) -> None:
        """Replace the active faults: ``faults({"kind": "drop"})``. Without arguments nothing goes wrong."""
        self.request("PUT", "faults", {"faults": list(faults)})

    def fees(self, **changes: str | float) -> Json:
        """Set what payments cost, until the next reset: ``fees(percent="1.5", fixed_usd=0)``."""
        return self.request("PUT", "fees", changes)

    def trigger(self, event: str) -> Json:
        """Make an event happen with its whole story of objects."""
        return self.request("POST", "trigger", {"event": event})

    def resend(self, event_id: str) -> Json:
        """Deliver an event again."""
        return self.request("POST", f"events/{event_id}/resend", {})

    def events(self, kind: str | None = None) -> list[Json]:
        """The newest events (at most 100), oldest first; of one type, or all."""
        chosen = f"&type={kind}" if kind else ""
        found = ask(self.api_base, "GET", f"/v1/events?limit=100{chosen}", key=self.secret_key)
        return list(reversed(found["data"]))

    def deliveries(self, event_id: str | None = None) -> list[Json]:
        """The delivery log, newest first."""
        found: list[Json] = self.request("GET", "deliveries" + (f"?event={event_id}" if event_id else ""))["deliveries"]
        return found

    def settle(self, timeout_s: float = 30.0) -> None:
        """Wait until nothing is due and no delivery is under way."""
        if not self.request("POST", "settle", {"timeout_s": timeout_s})["settled"]:
            raise AssertionError(f"deliveries had not settled after {timeout_s} s")

    def reset(self) -> None:
        """Forget all objects, faults and the clock's advance, for the next test."""
        self.request("POST", "reset", {})

    def request(self, method: str, path: str, body: Json | None = None) -> Json:
        """Call one of the sandbox's own routes, named without ``/_paywright/``."""
        try:
            return ask(self.api_base, method, f"/_paywright/{path}", body)
        except RemoteRefusal as refusal:
            raise AssertionError(f"{method} {path}: {refusal}") from None


def _id(given: Any) -> str:
    """The id of an object as an SDK or plain JSON has it, or the id itself."""
    return str(given["id"] if isinstance(given, dict) else getattr(given, "id", given))
