"""The store's web server as it is deployed, and how much it uses."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.stage import ROOT, environment
from shop.run.configuration import HOST, SERVED_BY, free_ports

READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
TICK_S = 0.02


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; its children are counted with it."""

    port: int
    pid: int

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The answer, as soon as its first line is there; whoever reads it to the end times that."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1800)
        connection.request("GET", path, headers=headers)
        return connection.getresponse()

    def memory_mb(self) -> float:
        """Resident memory of all processes, those of the parent that children share counted in each."""
        return sum(_status_kb(pid, "VmRSS") for pid in self._pids()) / 1024

    def memory_of_children_mb(self, field: str = "VmRSS") -> float:
        """The largest child's resident memory; ``VmHWM`` is the highest it has been."""
        return max((_status_kb(pid, field) for pid in self._pids()[1:]), default=0) / 1024

    def forget_peaks(self) -> None:
        """Start ``VmHWM`` anew."""
        for pid in self._pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def cpu_s(self) -> float:
        """Seconds of CPU that all processes have used."""
        return sum(cpu_s(pid) for pid in self._pids())

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]


def _status_kb(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def documented(application: str = "shop.wsgi:application") -> list[str]:
    """The command of `./run` and of the documentation, without its address."""
    return [sys.executable, "-m", "gunicorn", application, *SERVED_BY, "--timeout", "1800"]


@contextmanager
def serving(database: str, command: Sequence[str] | None = None, **more: str) -> Iterator[Server]:
    """A server on that database for the length of a ``with`` block; ``{port}`` in the command is its port."""
    (port,) = free_ports(1)
    given = [*(command or [*documented(), "--bind", f"{HOST}:{{port}}"])]
    process = subprocess.Popen(
        [part.format(port=port) for part in given], env=environment(database, **more), cwd=ROOT, start_new_session=True
    )
    try:
        _wait_for(port, process)
        yield Server(port, process.pid)
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(TICK_S)
    raise RuntimeError(f"{process.args!r} did not begin to serve")
