"""One child process: its own process group, its output read line by line, its end."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

TAIL_LINES = 60


class Child:
    """A running command. Its lines go to ``echo`` as they come; the last ones are kept for an error report."""

    def __init__(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], echo: Callable[[str], None]
    ):
        self.name = name
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._echo = echo
        # A group of its own: Ctrl-C reaches the supervisor alone, which then ends the children in order.
        self._process = subprocess.Popen(  # noqa: S603 (commands are our own, without a shell)
            command,
            env=environment,
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {name}", daemon=True)
        self._reader.start()

    @property
    def group(self) -> int:
        """The process group's id, which is its first process's id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started, now."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, signal.SIGKILL)

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for its end and for its last words. Raises `subprocess.TimeoutExpired`."""
        code = self._process.wait(timeout_s)
        self._reader.join(timeout=1)
        if self._process.stdout and not self._reader.is_alive():
            self._process.stdout.close()
        return code

    def _read(self) -> None:
        assert self._process.stdout  # noqa: S101 (asked for above)
        for line in self._process.stdout:
            self.tail.append(line.rstrip("\n"))
            # Our own output may be gone (a closed pipe); the child must be able to go on writing.
            with suppress(OSError, ValueError):
                self._echo(f"{self.name:9} | {line.rstrip()}")
