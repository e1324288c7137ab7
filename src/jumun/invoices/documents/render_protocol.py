"""What `renderer` and `render_child` say to each other: messages over a socket, each behind its length. No Django.

The parent sends, pickled, a document, the same as it is printed, and a theme. The first byte of an answer says what
follows it.
"""

import socket
import struct
import time

# How a message of the child begins: it has started; the PDF follows, or the characters that no font draws, or why the
# engine refused the document, or what it died of.
READY, PDF, MISSING, REFUSED, DIED = b"y", b"p", b"m", b"r", b"d"
LENGTH = struct.Struct("!Q")
# The PDF of a hundred lines has 150 KB; a logo can add some megabytes.
MESSAGE_MAX_BYTES = 256 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


def send(peer: socket.socket, message: bytes, *, timeout_s: float) -> None:
    """Send all of ``message``. Raises `TimeoutError`, or another `OSError` if the peer is gone."""
    peer.settimeout(timeout_s)
    peer.sendall(LENGTH.pack(len(message)) + message)


def receive(peer: socket.socket, *, timeout_s: float) -> bytes:
    """The next message, all of it within ``timeout_s``.

    Raises `TimeoutError`, `EOFError` if the peer is gone, and `ValueError` for a length that no message has.
    """
    deadline = time.monotonic() + timeout_s
    (length,) = LENGTH.unpack(_receive(peer, LENGTH.size, deadline))
    if length > MESSAGE_MAX_BYTES:
        raise ValueError(f"A message of {length} bytes is too long.")
    return _receive(peer, length, deadline)


def _receive(peer: socket.socket, size: int, deadline: float) -> bytes:
    message = bytearray()
    while len(message) < size:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        peer.settimeout(left_s)
        chunk = peer.recv(min(size - len(message), CHUNK_BYTES))
        if not chunk:
            raise EOFError
        message += chunk
    return bytes(message)
