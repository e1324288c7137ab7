"""The PDF engine as a program of its own, which `renderer` starts. No Django.

Typst is native code: it can panic, abort, loop or allocate without end. Here that ends this process and nothing else.
The program reads requests from its standard input, a socket, and answers each. It ends when the socket is closed, when
it had no request for a while, and after an error that may have damaged the engine.

A message is its length and its bytes. A request is a pickled document, the same document as it is printed, and a theme.
The first byte of an answer names its kind.
"""

import os
import pickle
import resource
import signal
import socket
import struct
import sys
import time
import traceback
from importlib.util import find_spec
from pathlib import Path

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.einvoice_scope import has_einvoice
from jumun.invoices.documents.render_errors import MissingGlyph, RenderError
from jumun.invoices.documents.theme import Theme

# The kinds of answers: the child has started; the PDF; characters that no font draws; why the engine refused the
# document; why the engine died.
READY, PDF, MISSING, REFUSED, DIED = b"y", b"p", b"m", b"r", b"d"
LENGTH = struct.Struct("!Q")
# The PDF of a hundred lines has 150 KB; a logo can add some megabytes.
MESSAGE_MAX_BYTES = 256 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
# How much longer than the parent it waits: the parent ends a rendering, unless the parent is gone.
GRACE_S = 5
SEND_TIMEOUT_S = 60


def main(*, time_limit_s: int, memory_limit_bytes: int, idle_s: int) -> int:
    """Serve the parent. The exit code is 0 if the parent is gone or sent nothing for ``idle_s``."""
    # Ctrl-C and a stop of the whole service reach this process too, but the parent may still need a PDF.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # RLIMIT_DATA counts used memory; RLIMIT_AS would also count memory that threads only reserve.
    _limit(resource.RLIMIT_DATA, memory_limit_bytes)
    # A core file would hold names and addresses.
    _limit(resource.RLIMIT_CORE, 0)
    _load()
    parent = socket.socket(fileno=0)
    send(parent, READY, timeout_s=SEND_TIMEOUT_S)
    # From here on the engine could print customers' texts.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    while True:
        try:
            request = receive(parent, timeout_s=idle_s)
        except (EOFError, OSError):  # `TimeoutError` too: idle
            return 0
        # Nobody else ends a rendering if the parent is gone.
        signal.alarm(time_limit_s + GRACE_S)
        answer = _answer(request)
        signal.alarm(0)
        try:
            send(parent, answer, timeout_s=SEND_TIMEOUT_S)
        except OSError:
            return 0
        if answer.startswith(DIED):
            return 1


def _limit(what: int, soft: int) -> None:
    _soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _load() -> None:
    """Import the slow modules, so that their import does not count as rendering."""
    from jumun.invoices.documents import pdf  # noqa: F401

    if find_spec("drafthorse"):
        from jumun.invoices.documents import facturx  # noqa: F401


def _answer(request: bytes) -> bytes:
    try:
        document, printed_as, theme = pickle.loads(request)  # noqa: S301  (from the process that started this one)
        return PDF + _render(document, printed_as, theme)
    except MissingGlyph as error:
        return MISSING + error.characters.encode(errors="replace")
    except RenderError as error:
        return REFUSED + str(error).encode(errors="replace")
    except BaseException as error:  # noqa: BLE001  (a panic of the engine is not an `Exception`)
        # Without the error's message, which can quote a customer's text.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return DIED + f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}".encode()


def _render(document: Document, printed_as: Document, theme: Theme) -> bytes:
    """The PDF; with the e-invoice in it if the document can have one."""
    if has_einvoice(document):
        from jumun.invoices.documents.facturx import render_hybrid

        return render_hybrid(document, theme=theme, printed_as=printed_as)
    from jumun.invoices.documents.pdf import render

    return render(printed_as, theme=theme)


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


if __name__ == "__main__":
    _time_limit_s, _memory_limit_bytes, _idle_s = map(int, sys.argv[1:])
    # Without cleaning up, which an engine that has panicked may never finish.
    os._exit(main(time_limit_s=_time_limit_s, memory_limit_bytes=_memory_limit_bytes, idle_s=_idle_s))
