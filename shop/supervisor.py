"""Starts the store's processes, waits until they answer, watches over them and ends them.

The worker is started again whenever it dies, after a pause that doubles up to a limit: the rows that it died of are set
aside by the next ones. When the web server or Paywright dies, everything stops.
"""

import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from jumun.conf import Seller
from shop.child import Child
from shop.configuration import HOST, Configuration
from shop.language import _
from shop.reaper import Reaper

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 6.0
TICK_S = 0.2
WORKER_PAUSE_MAX_S = 8.0
WORKER_STABLE_S = 60.0
# What gunicorn is told; the documentation of a deployment and the bench tell it the same.
SERVED_BY = (
    *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload", "--graceful-timeout", "3"),
    *("--no-control-socket", "--log-level", "warning"),
)


class StoreFailed(Exception):
    """A process ended that should run, or did not become ready. The message says which, and shows its last lines."""


class Supervisor:
    """The store's processes, for the length of a `with` block."""

    def __init__(self, configuration: Configuration, *, echo: Callable[[str], None]):
        self.configuration = configuration
        self.children: dict[str, Child] = {}
        self._print = echo
        self._started = False
        self._reaper = Reaper()
        self._worker_pause_s = 0.5
        self._worker_starts_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def run_to_end(self, name: str, command: Sequence[str], **environment: str) -> str:
        """Run one command to its end and return the last line it printed. Raises `StoreFailed`."""
        child = self._start(name, command, **environment)
        if code := child.wait():
            raise StoreFailed(_report(child, code))
        self._forget(child)
        return child.tail[-1] if child.tail else ""

    def start(self) -> None:
        """Start all processes and wait until they answer. Raises `StoreFailed`."""
        for name, command in commands(self.configuration).items():
            self._start(name, command)
        self._worker_starts_at = time.monotonic()
        give_up = time.monotonic() + READY_TIMEOUT_S
        for name, port, path in _probes(self.configuration):
            while not _answers(port, path):
                self._check_alive()
                if time.monotonic() > give_up:
                    raise StoreFailed(_("{name} did not become ready.").format(name=name) + _tail(self.children[name]))
                time.sleep(0.03)
        self._check_alive()
        self._started = True

    def watch(self) -> None:
        """Run until interrupted. Raises `StoreFailed` when a process other than the worker has ended."""
        while True:
            self._check_alive()
            time.sleep(TICK_S)

    def stop(self) -> None:
        """End every process: asked first, made to after a few seconds. Safe to call again."""
        for child in self.children.values():
            child.terminate()
        give_up = time.monotonic() + STOP_TIMEOUT_S
        for child in list(self.children.values()):
            try:
                child.wait(max(0.0, give_up - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            self._forget(child)
        self._reaper.close()

    def last_words(self) -> str:
        """The last lines of every process, and which of them have ended, for an error report."""
        children = self.children.values()
        ended = [_ended(child, child.exit_code) for child in children if child.exit_code is not None]
        return "\n".join(ended) + "".join(map(_tail, children))

    def _start(self, name: str, command: Sequence[str], **environment: str) -> Child:
        child = Child(name, command, environment={**self.configuration.environment, **environment}, echo=self._echo)
        self._reaper.add(child.group)
        self.children[name] = child
        return child

    def _echo(self, line: str) -> None:
        # What children say while they start is shown only if one of them fails.
        if self._started:
            self._print(line)

    def _forget(self, child: Child) -> None:
        self._reaper.discard(child.group)
        del self.children[child.name]

    def _check_alive(self) -> None:
        """Start a dead worker again once its pause is over. Raises `StoreFailed` where another process has ended."""
        for child in list(self.children.values()):
            if (code := child.exit_code) is None:
                continue
            child.wait()
            if child.name != "worker":
                raise StoreFailed(_report(child, code))
            self._forget(child)
            self._pause_worker(code)
        if "worker" not in self.children and time.monotonic() >= self._worker_starts_at:
            self._start("worker", commands(self.configuration)["worker"])

    def _pause_worker(self, code: int) -> None:
        now = time.monotonic()
        is_stable = now - self._worker_starts_at > WORKER_STABLE_S
        self._worker_pause_s = 1.0 if is_stable else min(self._worker_pause_s * 2, WORKER_PAUSE_MAX_S)
        self._worker_starts_at = now + self._worker_pause_s
        self._print(
            _("The worker has ended ({how}); it is started again in {pause:g} s.").format(
                how=_how(code), pause=self._worker_pause_s
            )
        )


def commands(configuration: Configuration) -> dict[str, list[str]]:
    """The store's processes by name."""
    python = sys.executable
    address = f"{HOST}:{configuration.port}"
    found = {
        "web": [python, "-m", "gunicorn", "shop.wsgi:application", "--bind", address, *SERVED_BY],
        "worker": [python, "-m", "django", "work"],
    }
    if configuration.paywright_port:
        forward = ["--forward-to", configuration.webhook_url]
        state = ["--state", str(configuration.data / "paywright.sqlite3")]
        name = ["--business-name", Seller().name]
        port = ["--port", str(configuration.paywright_port)]
        found["paywright"] = [python, "-m", "paywright", "serve", *port, *forward, *name, *state]
    return found


def _probes(configuration: Configuration) -> Iterator[tuple[str, int, str]]:
    if configuration.paywright_port:
        yield "paywright", configuration.paywright_port, "/_paywright/health"
    yield "web", configuration.port, "/healthz"


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _report(child: Child, code: int) -> str:
    return _ended(child, code) + _tail(child)


def _ended(child: Child, code: int) -> str:
    return _("{name} has ended unexpectedly ({how}).").format(name=child.name, how=_how(code))


def _tail(child: Child) -> str:
    return "".join(f"\n{child.name:9} | {line}" for line in child.tail)


def _how(code: int) -> str:
    if code < 0:
        return _("signal {number}").format(number=-code)
    return _("exit code {code}").format(code=code)
