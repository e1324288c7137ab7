"""The PDF engine as a program of its own, which `renderer` starts. No Django.

Typst is native code: it can panic, abort, loop or allocate without end. Here that ends this process and nothing else.
The program reads requests from its standard input, a socket, and answers each. It ends when the socket is closed, when
nothing was asked for a while, and after an error that the engine may not have survived whole.
"""

import os
import pickle
import resource
import signal
import socket
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.einvoice_scope import has_einvoice
from jumun.invoices.documents.render_errors import MissingGlyph, RenderError
from jumun.invoices.documents.render_protocol import DIED, MISSING, PDF, READY, REFUSED, receive, send
from jumun.invoices.documents.theme import Theme

# How much longer than the parent waits: it is the parent that ends a rendering, unless it is gone itself.
GRACE_S = 5
SEND_TIMEOUT_S = 60


def main(*, time_limit_s: int, memory_limit_bytes: int, idle_s: int) -> int:
    """Serve the parent; the exit code is 0 if it is gone or has nothing more to render."""
    # Ctrl-C and a stop of the whole service reach this process too. The parent may still need it to finish its work.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # RLIMIT_DATA counts what is written to; RLIMIT_AS would also count what threads merely reserve.
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
        # If the parent is gone, nobody else ends a rendering that never ends.
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
    """Import what takes long, so that it does not count as rendering."""
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
    except BaseException as error:  # noqa: BLE001  (a panic of the engine is no `Exception`)
        # Not its message, which can quote a customer's text.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return DIED + f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}".encode()


def _render(document: Document, printed_as: Document, theme: Theme) -> bytes:
    """The PDF, with the e-invoice in it where there can be one."""
    if has_einvoice(document):
        from jumun.invoices.documents.facturx import render_hybrid

        return render_hybrid(document, theme=theme, printed_as=printed_as)
    from jumun.invoices.documents.pdf import render

    return render(printed_as, theme=theme)


if __name__ == "__main__":
    _time_limit_s, _memory_limit_bytes, _idle_s = map(int, sys.argv[1:])
    # At once: an engine that has panicked may not come to an orderly end.
    os._exit(main(time_limit_s=_time_limit_s, memory_limit_bytes=_memory_limit_bytes, idle_s=_idle_s))
