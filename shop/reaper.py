"""Ends the supervisor's children when the supervisor itself is killed with -9 and can do so no more.

A small process reads ``+GROUP`` and ``-GROUP`` lines from a pipe that only the supervisor holds open. When the pipe
ends, every process group still on the list is told to end, then made to. A pipe does this on Linux and on macOS
alike.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

GRACE_S = 5.0


class Reaper:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (this very file)
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def add(self, group: int) -> None:
        """A process group to end if the supervisor dies."""
        self._write(f"+{group}\n")

    def discard(self, group: int) -> None:
        """A process group that has ended."""
        self._write(f"-{group}\n")

    def close(self) -> None:
        """End the watch, and with it whatever is still on the list."""
        with suppress(OSError):
            self._process.communicate()

    def _write(self, line: str) -> None:
        assert self._process.stdin  # noqa: S101 (asked for above)
        with suppress(OSError):
            self._process.stdin.write(line)
            self._process.stdin.flush()


def follow(lines: Iterable[str]) -> set[int]:
    """The groups that are on the list when the lines end."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    return groups


def end(groups: set[int]) -> None:
    """Tell the groups to end; kill those that are still there after a grace period."""
    give_up = time.monotonic() + GRACE_S
    alive = _send(groups, signal.SIGTERM)
    while alive and time.monotonic() < give_up:
        time.sleep(0.1)
        alive = _send(alive, 0)
    _send(alive, signal.SIGKILL)


def _send(groups: set[int], number: int) -> set[int]:
    """Send a signal (0 only asks) to each group; return the groups that are still there."""
    return {group for group in groups if _reached(group, number)}


def _reached(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers the latter for a group of zombies
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end(follow(sys.stdin))
