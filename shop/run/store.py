"""The store's processes: honcho starts them from the `Procfile`, and ends them all when one of them ends.

honcho runs in a process of its own (``python -m shop.run.store``), so that it ends the others when ``./run`` is killed.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Self
from urllib.request import ProxyHandler, build_opener

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Message, Printer

from shop.run.configuration import HOST, ROOT, Configuration
from shop.run.worker import how_it_ended
from shop.terminal import _

PROCFILE = Path(__file__).with_name("Procfile")
READY_TIMEOUT_S = 60.0
# honcho kills what has not ended after five seconds.
STOP_TIMEOUT_S = 10.0
LINES_KEPT = 60
# No proxy leads to this machine.
DIRECTLY = build_opener(ProxyHandler({}))


class StoreFailed(Exception):
    """A process ended that should run, or did not become ready. The message says which, and shows the last lines."""


class Store:
    """The running processes, for the length of a `with` block. What they print goes to ``echo`` once they answer."""

    def __init__(self, configuration: Configuration, *, echo: Callable[[str], None] | None = None):
        self.configuration = configuration
        self.names = ["web", "worker", *(["paywright"] if configuration.paywright_port else [])]
        self.pids: dict[str, int] = {}
        # Of those that have ended, in this order.
        self._exit_codes: dict[str, int] = {}
        self._echo = echo
        self._is_open = False
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._all_started = threading.Event()

    def __enter__(self) -> Self:
        self._honcho = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, "-m", "shop.run.store", str(PROCFILE), "run", *self.names],
            env={**self.configuration.environment, "JUMUN_RUN_PID": str(os.getpid())},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches this process alone, which then ends the others.
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self._wait_until_it_answers()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop()

    def watch(self) -> None:
        """Run until interrupted. Raises `StoreFailed` when a process has ended."""
        while True:
            self.check_alive()
            time.sleep(0.2)

    def last_lines(self) -> str:
        """What the processes printed last, for an error report."""
        return "".join(f"\n{line}" for line in self._lines)

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + READY_TIMEOUT_S
        probes = {"paywright": (self.configuration.paywright_port, "/_paywright/health")}
        probes["web"] = (self.configuration.port, "/healthz")
        for name, (port, path) in probes.items():
            while port and not _answers(port, path):
                self.check_alive()
                if time.monotonic() > give_up:
                    raise StoreFailed(_("{name} did not become ready.").format(name=name) + self.last_lines())
                time.sleep(0.03)
        self.check_alive()
        self._is_open = True

    def check_alive(self) -> None:
        """Raise `StoreFailed` when a process has ended."""
        if (code := self._honcho.poll()) is not None:
            self._exit_codes.setdefault("honcho", code)
        for name, code in self._exit_codes.items():
            ended = _("{name} has ended unexpectedly ({how}).").format(name=name, how=how_it_ended(code))
            raise StoreFailed(ended + self.last_lines())

    def _stop(self) -> None:
        # honcho cannot end what it has not started yet.
        self._all_started.wait(STOP_TIMEOUT_S)
        self._honcho.terminate()
        try:
            self._honcho.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._honcho.kill()
            self._honcho.wait()
        self._reader.join(timeout=1)
        for name in self.pids.keys() - self._exit_codes.keys():
            # It has outlived honcho.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pids[name], signal.SIGKILL)

    def _read(self) -> None:
        assert self._honcho.stdout  # noqa: S101 (asked for above)
        with self._honcho.stdout as lines:
            for line in lines:
                name, _bar, text = line.rstrip("\n").partition("|")
                if name == "system":
                    self._note(text)
                else:
                    self._show(f"{name:9} | {text}")
        self._all_started.set()

    def _note(self, event: str) -> None:
        if started := re.match(r"(\w+) started \(pid=(\d+)\)", event):
            self.pids[started[1]] = int(started[2])
        elif stopped := re.match(r"(\w+) stopped \(rc=(-?\d+)\)", event):
            self._exit_codes[stopped[1]] = int(stopped[2])
        if len(self.pids) > len(self.names):
            self._all_started.set()

    def _show(self, line: str) -> None:
        self._lines.append(line)
        if self._is_open and self._echo:
            # Our own output may be gone (a closed pipe); the processes must be able to go on writing.
            with suppress(OSError, ValueError):
                self._echo(line)


def _answers(port: int, path: str) -> bool:
    try:
        with DIRECTLY.open(f"http://{HOST}:{port}{path}", timeout=5):
            return True
    except (OSError, HTTPException):
        return False


class Lines(Printer):  # type: ignore[misc]  # honcho has no types
    """Each line after the name of its process. When ``./run`` was killed, nobody reads them, and that is no error."""

    def write(self, message: Message) -> None:
        text = message.data if isinstance(message.data, str) else message.data.decode("utf-8", "replace")
        with suppress(BrokenPipeError):
            for line in text.splitlines():
                print(f"{message.name}|{line}", flush=True)


def run(procfile: str, names: list[str]) -> int:
    manager = Manager(Lines())
    for name, command in parse_procfile(Path(procfile).read_text()).processes.items():
        if name in names:
            manager.add_process(name, command)
    manager.loop()
    return int(manager.returncode)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2:]))
