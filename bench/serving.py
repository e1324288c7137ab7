"""The store's web server as it is deployed."""

import http.client
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import environment, memory_mb, started
from shop.run.configuration import HOST, SERVED_BY, free_ports

READY_TIMEOUT_S = 60
REQUEST_TIMEOUT_S = 1800


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The answer, as soon as its first line is there."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=REQUEST_TIMEOUT_S)
        connection.request("GET", path, headers=headers)
        return connection.getresponse()

    def memory_mb(self, field: str = "VmRSS") -> float:
        """The largest child's memory, as in `process.memory_mb`."""
        return max(memory_mb(pid, field) for pid in self._children())

    def forget_peaks(self) -> None:
        """Start ``VmHWM`` anew."""
        for pid in self._children():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]


def gunicorn(application: str, python: str = sys.executable) -> list[str]:
    """The command of `./run` and of the documentation."""
    served_by = [*SERVED_BY, "--timeout", str(REQUEST_TIMEOUT_S)]
    return [python, "-m", "gunicorn", application, *served_by, "--bind", f"{HOST}:{{port}}"]


@contextmanager
def serving(
    database: str, command: Sequence[str] | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server for the length of a ``with`` block: the store on that database, or another command with ``{port}``."""
    (port,) = free_ports(1)
    given = [part.format(port=port) for part in command or gunicorn("shop.wsgi:application")]
    with started(given, env or environment(database)) as process:
        server, give_up = Server(port, process.pid), time.monotonic() + READY_TIMEOUT_S
        while not _answers(server):
            if time.monotonic() > give_up or process.poll() is not None:
                raise RuntimeError(f"{given} did not begin to serve")
            time.sleep(0.02)
        yield server


def _answers(server: Server) -> bool:
    try:
        server.get("/healthz").read()
    except OSError:
        return False
    return True
