"""A mail server that fails where it is told to (RFC 5321), for tests over a real socket with Django's SMTP backend."""

import contextlib
import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

# Where a visit can end: with an answer of the server, or without one.
STAGES = ("greeting", "HELO", "MAIL", "RCPT", "DATA", "content", "no answer to content")
# How it can go wrong once the mail is taken.
GOODBYES = ("no answer to QUIT", "nonsense to QUIT", "refusal of QUIT")


class MailServer(socketserver.ThreadingTCPServer):
    """``failing`` is taken for the next visit; ``received`` is what came in whole, ``accepted`` what got its 250."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.failing: str | None = None
        self.is_over = threading.Event()
        self.code = 451
        self.received: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.accepted: list[EmailMessage] = []

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port


class _Visit(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        # A client that breaks off is what is tested.
        with contextlib.suppress(ConnectionError):
            self._converse(self.server.failing)

    def _converse(self, failing: str | None) -> None:
        if failing == "silence":
            self.server.is_over.wait(60)
            return
        if not self._answer("greeting", failing, "220 test"):
            return
        while line := self.rfile.readline():
            verb = line[:4].decode("ascii", "replace").upper()
            if verb == "QUIT":
                self._part(failing)
                return
            stage = "HELO" if verb in {"EHLO", "HELO"} else verb
            if stage == "DATA" and self._answer("DATA", failing, "354 go on"):
                self._content(failing)
            elif stage != "DATA":
                self._answer(stage, failing, "250 ok")

    def _part(self, failing: str | None) -> None:
        if failing == "no answer to QUIT":
            self.server.is_over.wait(60)
        elif failing == "nonsense to QUIT":
            # Longer than smtplib reads.
            self._say("221 " + "x" * 20_000)
        else:
            self._say("554 no" if failing == "refusal of QUIT" else "221 bye")

    def _content(self, failing: str | None) -> None:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), EmailMessage, policy=email.policy.default)
        self.server.raw.append(b"".join(lines))
        self.server.received.append(message)
        if failing == "no answer to content":
            raise ConnectionError
        if self._answer("content", failing, "250 accepted"):
            self.server.accepted.append(message)

    def _answer(self, stage: str, failing: str | None, well: str) -> bool:
        self._say(f"{self.server.code} not now" if stage == failing else well)
        return stage != failing

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.is_over.set()
            server.shutdown()
