"""Post webhooks over HTTP/1.1 with kept-alive connections: asyncio streams and h11.

A general client costs a multiple of the whole rest of a delivery, and a busy test run sends thousands.
Redirects are not followed and no proxy is used, as the contract's section 7 wants it.
"""

import asyncio
import ssl
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

import h11

ANSWER_BYTES_MAX = 65_536
IDLE_MAX = 16
"""Connections kept for each address."""

Address = tuple[str, str, int]


class NotSent(Exception):
    """No answer came; the message says why."""


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection

    def close(self) -> None:
        self.writer.close()


class Sender:
    """Posts to any http(s) URL; a connection serves one request at a time."""

    def __init__(self) -> None:
        self._idle: dict[Address, list[_Connection]] = {}

    async def post(self, url: str, body: bytes, headers: dict[str, str], timeout_s: float) -> tuple[int, str]:
        """Return the status and the text of the answer; raise NotSent."""
        parts = urlsplit(url)
        address = _address(parts)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(parts, address, body, headers)
        except TimeoutError:
            raise NotSent(f"no answer within {timeout_s:.0f} s") from None
        except (OSError, h11.ProtocolError) as problem:
            raise NotSent(f"{type(problem).__name__}: {problem}") from None

    async def _post(
        self, parts: SplitResult, address: Address, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str]:
        while kept := self._idle.get(address):
            connection = kept.pop()
            try:
                return await self._exchange(connection, parts, address, body, headers)
            except (ConnectionError, h11.RemoteProtocolError):
                # The other side had closed it meanwhile, as it may.
                connection.close()
        connection = await _connect(address)
        return await self._exchange(connection, parts, address, body, headers)

    async def _exchange(
        self, connection: _Connection, parts: SplitResult, address: Address, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str]:
        reusable = False
        try:
            await _send(connection, parts, body, headers)
            answer = await _receive(connection)
            reusable = connection.http.our_state is connection.http.their_state is h11.DONE
            return answer
        finally:
            kept = self._idle.setdefault(address, [])
            if reusable and len(kept) < IDLE_MAX:
                connection.http.start_next_cycle()
                kept.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()


def _address(parts: SplitResult) -> Address:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, parts.hostname or "", port


async def _connect(address: Address) -> _Connection:
    scheme, host, port = address
    reader, writer = await asyncio.open_connection(host, port, ssl=_tls() if scheme == "https" else None)
    return _Connection(reader, writer, h11.Connection(h11.CLIENT))


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _send(connection: _Connection, parts: SplitResult, body: bytes, headers: dict[str, str]) -> None:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = {"Host": parts.netloc.rpartition("@")[2], "Content-Length": str(len(body)), **headers}
    request = h11.Request(method="POST", target=target, headers=list(fields.items()))
    http = connection.http
    message = [http.send(request), http.send(h11.Data(data=body)), http.send(h11.EndOfMessage())]
    connection.writer.write(b"".join(part for part in message if part))
    await connection.writer.drain()


async def _receive(connection: _Connection) -> tuple[int, str]:
    status, text = 0, bytearray()
    while True:
        event = connection.http.next_event()
        if event is h11.NEED_DATA:
            connection.http.receive_data(await connection.reader.read(65_536))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            text += event.data
            if len(text) > ANSWER_BYTES_MAX:
                return status, _shown(text)
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return status, _shown(text)


def _shown(text: bytearray) -> str:
    return text.decode("utf-8", "replace")
