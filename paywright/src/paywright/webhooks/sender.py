"""Post webhooks over HTTP/1.1 with kept-alive connections: an asyncio protocol around httptools' parser.

With ``httpx.AsyncClient`` a session with its five webhooks takes 14.5 ms of CPU instead of 2.7, so one core serves 69
sessions a second, and the goal is 150. Redirects are not followed, as Stripe does not follow them
(https://docs.stripe.com/webhooks), and no proxy is used.
"""

import asyncio
import ssl
from contextlib import suppress
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import httptools

from paywright.webhooks.targets import TargetRefused, Targets

ANSWER_BYTES_MAX = 65_536
IDLE_MAX = 16
"""Connections kept for each address."""


class NotSent(Exception):
    """No answer came; the message says why."""


class Address(NamedTuple):
    """Where to connect, with or without TLS."""

    scheme: str
    host: str
    port: int


class Sender:
    """Posts to http(s) URLs of the hosts that ``targets`` allows; a connection serves one request at a time."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._idle: dict[Address, list[_Connection]] = {}

    async def post(self, url: str, body: bytes, headers: dict[str, str], timeout_s: float) -> tuple[int, str]:
        """Return the status and the text of the answer; raise NotSent."""
        try:
            address, opening = _opening(url)
        except ValueError as problem:
            raise NotSent(f"not an address: {problem}") from None
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        message = f"{opening}Content-Length: {len(body)}\r\n{fields}\r\n".encode() + body
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(address, message)
        except TimeoutError:
            raise NotSent(f"no answer within {timeout_s:.0f} s") from None
        except TargetRefused as refusal:
            raise NotSent(str(refusal)) from None
        except (OSError, UnicodeError, httptools.HttpParserError) as problem:
            # A UnicodeError: the host's name cannot be one, which is found out when it is looked up.
            raise NotSent(f"{type(problem).__name__}: {problem}") from None

    async def _exchange(self, address: Address, message: bytes) -> tuple[int, str]:
        while kept := self._idle.get(address):
            connection = kept.pop()
            try:
                return await self._ask(connection, address, message)
            except ConnectionError:
                # The server closed the idle connection, as it may. Once an answer has begun, that is an error.
                if connection.has_begun:
                    raise
        return await self._ask(await self._connect(address), address, message)

    async def _ask(self, connection: "_Connection", address: Address, message: bytes) -> tuple[int, str]:
        try:
            return await connection.ask(message)
        finally:
            kept = self._idle.setdefault(address, [])
            if connection.is_reusable and len(kept) < IDLE_MAX:
                kept.append(connection)
            else:
                connection.close()

    async def _connect(self, address: Address) -> "_Connection":
        candidates = await self._targets.addresses(address.host, address.port)
        for candidate in candidates[:-1]:
            with suppress(OSError):
                return await _open(address, candidate)
        return await _open(address, candidates[-1])

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()


@lru_cache(maxsize=64)
def _opening(url: str) -> tuple[Address, str]:
    """The address of a URL, and how every request to it begins."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    # Encode characters that a request line cannot contain, as browsers do.
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe="!#$%&'()*+,/:;=?@[]~")
    host = parts.netloc.rpartition("@")[2].encode("idna" if not parts.netloc.isascii() else "ascii").decode()
    return Address(parts.scheme, parts.hostname or "", port), f"POST {target} HTTP/1.1\r\nHost: {host}\r\n"


async def _open(address: Address, candidate: str) -> "_Connection":
    tls = _tls() if address.scheme == "https" else None
    name = address.host if tls else None
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(_Connection, candidate, address.port, ssl=tls, server_hostname=name)
    return connection


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Connection(asyncio.Protocol):
    """One connection: ``ask`` sends a request and waits for the answer that the parser's callbacks put together."""

    def __init__(self) -> None:
        self.is_reusable = False
        self.has_begun = False
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[tuple[int, str]] | None = None

    async def ask(self, message: bytes) -> tuple[int, str]:
        """Return the status and the text of the answer; raise ConnectionError or HttpParserError."""
        self.is_reusable = self.has_begun = False
        if self._transport.is_closing():
            raise ConnectionResetError("the connection was closed")
        self._parser = httptools.HttpResponseParser(self)
        self._text = bytearray()
        self._ends_at_close = False
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (for the type: TCP has no other)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            # Data without a request: do not use the connection again.
            self._transport.close()
            return
        self.has_begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as problem:
            self.is_reusable = False
            self._fail(problem)

    def on_message_begin(self) -> None:
        self._length_known = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._length_known |= name.lower() in (b"content-length", b"transfer-encoding")

    def on_headers_complete(self) -> None:
        # An answer without a length ends with the connection.
        self._ends_at_close = not self._length_known and self._parser.get_status_code() >= 200

    def on_body(self, body: bytes) -> None:
        self._text += body
        if len(self._text) > ANSWER_BYTES_MAX:
            self._end()

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() >= 200:
            self.is_reusable = self._parser.should_keep_alive()
            self._end()

    def connection_lost(self, problem: Exception | None) -> None:
        if self._answer is None:
            return
        if problem is None and self._ends_at_close:
            self._end()
        else:
            self._fail(problem or ConnectionResetError("the connection was closed without an answer"))

    def _end(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), self._text.decode("utf-8", "replace")))

    def _fail(self, problem: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(problem)
