"""Rendering in a child process, with limits of time and memory. No Django."""

import atexit
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.render_child import DIED, MISSING, PDF, READY, REFUSED, receive, send
from jumun.invoices.documents.render_errors import EngineDied, MissingGlyph, RenderError, RendererUnavailable
from jumun.invoices.documents.theme import Theme

PROGRAM = "jumun.invoices.documents.render_child"
# An ordinary invoice takes 0.03 s, one of 100 lines 0.2 s.
TIME_LIMIT_S = 20
# An ordinary invoice takes 40 MB, one of 100 lines 80 MB.
MEMORY_LIMIT_BYTES = 512 * 1024 * 1024
IDLE_S = 30
START_LIMIT_S = 60
# How long a thread waits while others render.
WAIT_LIMIT_S = 30
END_LIMIT_S = 2
# The part of our environment that the child gets, without passwords and keys: what Python needs to start, and where
# Typst keeps the packages that a site's template may use.
ENVIRONMENT = (
    *("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "TMPDIR", "TZ"),
    *("XDG_CACHE_HOME", "XDG_DATA_HOME"),
)


class Renderer:
    """A child process that renders one document at a time, for all threads of this process.

    It starts when it is needed, and ends after ``idle_s`` without work or when this process ends. A forked process
    starts its own child.
    """

    def __init__(
        self,
        *,
        time_limit_s: int = TIME_LIMIT_S,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
        idle_s: int = IDLE_S,
        wait_limit_s: float = WAIT_LIMIT_S,
    ) -> None:
        self._time_limit_s = time_limit_s
        self._wait_limit_s = wait_limit_s
        self._arguments = (str(time_limit_s), str(memory_limit_bytes), str(idle_s))
        self._child: _Child | None = None
        self._lock = threading.Lock()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._forget)

    def render(self, document: Document, theme: Theme, *, printed_as: Document | None = None) -> bytes:
        """The PDF of ``document``, with the e-invoice in it if there can be one.

        ``printed_as`` is the document as the PDF prints it, if that differs from the e-invoice. Raises
        `MissingGlyph`, `EngineDied`, `RendererUnavailable`, and `RenderError` for a refused template, logo or text.
        """
        request = pickle.dumps((document, printed_as or document, theme))
        if not self._lock.acquire(timeout=self._wait_limit_s):
            raise RendererUnavailable(f"Other documents have been rendered for {self._wait_limit_s:g} s.")
        try:
            answer = self._answer(request)
        finally:
            self._lock.release()
        return _content(answer)

    def close(self) -> None:
        """End the child, if there is one; the next rendering starts another."""
        child, self._child = self._child, None
        if child:
            child.end()

    def _answer(self, request: bytes) -> bytes:
        for is_last in (False, True):
            self._child = child = self._child or _Child(self._arguments)
            try:
                answer = child.ask(request, timeout_s=self._time_limit_s)
            except _ChildGone as gone:
                self._child = None
                # The child had just ended because it was idle, or somebody killed it: try once more.
                if is_last or gone.exit_code not in (0, -signal.SIGKILL):
                    raise EngineDied(gone.reason) from None
            except BaseException:  # also from a signal in this thread: the next caller would get this answer
                self._child = None
                child.kill()
                raise
            else:
                if answer.startswith(DIED):
                    self.close()
                return answer
        raise AssertionError

    def _forget(self) -> None:
        """After a fork: the child belongs to the parent, and another thread may have held the lock."""
        child, self._child = self._child, None
        self._lock = threading.Lock()
        if child:
            child.disown()


class _ChildGone(Exception):
    """The child ended without an answer."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code
        by = f"signal {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"
        self.reason = f"The PDF engine ended with {by}."


class _Child:
    def __init__(self, arguments: tuple[str, ...]) -> None:
        """Start it and wait until it is ready. Raises `RendererUnavailable`."""
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603  (our own program)
                    [_python(), "-P", "-m", PROGRAM, *arguments],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=_environment(),
                    start_new_session=True,
                )
            except OSError as error:
                self._socket.close()
                raise RendererUnavailable(f"The PDF engine's process cannot be started: {error.strerror}.") from error
        # Collects the exit code at any time, so that no zombie is left.
        threading.Thread(target=self._process.wait, name="jumun-renderer", daemon=True).start()
        try:
            ready = receive(self._socket, timeout_s=START_LIMIT_S)
        except (OSError, EOFError, ValueError):
            ready = b""
        if ready != READY:
            self.kill()
            raise RendererUnavailable("The PDF engine's process did not start; its standard error says why.")

    def ask(self, request: bytes, *, timeout_s: float) -> bytes:
        """Raises `EngineDied` after ``timeout_s`` or for an invalid answer, and `_ChildGone`."""
        try:
            send(self._socket, request, timeout_s=timeout_s)
            return receive(self._socket, timeout_s=timeout_s)
        except TimeoutError:
            raise EngineDied(f"The PDF engine took longer than {timeout_s:g} s.") from None
        except ValueError:
            raise EngineDied("The PDF engine gave an invalid answer.") from None
        except (OSError, EOFError):
            raise _ChildGone(self.end()) from None

    def end(self) -> int:
        """Close the socket, which ends the child, and return its exit code. Kills a child that does not end."""
        self._socket.close()
        try:
            exit_code: int = self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            return self.kill()
        return exit_code

    def kill(self) -> int:
        """Kill it, and return its exit code."""
        self._socket.close()
        self._process.kill()
        exit_code: int = self._process.wait()
        return exit_code

    def disown(self) -> None:
        """After a fork: forget the child without ending it."""
        self._socket.close()
        self._process.returncode = 0  # otherwise `Popen` warns that the child still runs


def _content(answer: bytes) -> bytes:
    kind, rest = answer[:1], answer[1:]
    if kind == PDF:
        return rest
    text = rest.decode(errors="replace")
    if kind == MISSING:
        raise MissingGlyph(text)
    if kind == REFUSED:
        raise RenderError(text)
    raise EngineDied(f"The PDF engine failed: {text}." if kind == DIED else "The PDF engine gave an invalid answer.")


def _python() -> str:
    """The interpreter. `sys.executable` is the web server itself if that embeds Python (uWSGI, mod_wsgi)."""
    names = (f"python{sys.version_info.major}.{sys.version_info.minor}", "python3", "python")
    installed = (str(Path(prefix, "bin", name)) for prefix in (sys.prefix, sys.base_prefix) for name in names)
    for path in (sys.executable or "", *installed):
        if Path(path).name.startswith("python") and os.access(path, os.X_OK):
            return path
    raise RendererUnavailable(f"There is no Python interpreter in {sys.prefix}.")


def _environment() -> dict[str, str]:
    found = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # Two threads: each costs memory, and most documents have one page.
    ours = {
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
        "RAYON_NUM_THREADS": "2",
        "RUST_BACKTRACE": "0",
    }
    return found | ours


renderer = Renderer()
