"""The store's processes while it runs: how much memory they have, and how long there was no worker."""

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.chaos.engine import ENGINE

LOOK_EVERY_S = 0.5
# By what their command lines have in them; the first that fits, and the engine's parents are of the others.
ROLES = {"engine": ENGINE, "web": re.compile("gunicorn"), "worker": re.compile("django work")}


@dataclass
class Processes:
    """Looks again and again below the process that has started them, for the length of a ``with`` block."""

    root: int
    # For each look: megabytes of resident memory by role, what processes share counted in each.
    memory_mb: dict[str, list[float]] = field(default_factory=lambda: {role: [] for role in ROLES})
    workers: set[int] = field(default_factory=set)
    # The longest time for which there was no worker.
    worker_down_s: float = 0.0

    def __post_init__(self) -> None:
        self._worker_seen_at = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="processes")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def worker_deaths(self) -> int:
        return max(0, len(self.workers) - 1)

    def _look_on(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            found = list(_below(self.root))
            for role, looks in self.memory_mb.items():
                looks.append(sum(kilobytes for _pid, kilobytes, name in found if name == role) / 1024)
            now = time.monotonic()
            workers = {pid for pid, _kilobytes, name in found if name == "worker"}
            if workers:
                self._worker_seen_at = now
            self.workers |= workers
            self.worker_down_s = max(self.worker_down_s, now - self._worker_seen_at)


def _below(root: int) -> Iterator[tuple[int, int, str]]:
    """Id, kilobytes and role of every process below this one that has a role."""
    command = ["ps", "-A", "-ww", "-o", "pid=,ppid=,rss=,args="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^ *(\d+) +(\d+) +(\d+) +(.*)$", listed, re.MULTILINE)
    family = {root}
    # A parent is not always listed before its children.
    for _generation in range(6):
        family |= {int(pid) for pid, parent, _kilobytes, _arguments in rows if int(parent) in family}
    for pid, _parent, kilobytes, arguments in rows:
        role = next((role for role, pattern in ROLES.items() if pattern.search(arguments)), None)
        if int(pid) in family and role:
            yield int(pid), int(kilobytes), role
