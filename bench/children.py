"""Whatever a run has started ends with it, also where it is stopped in the middle. For Linux."""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

GRACE_S = 10.0
TICK_S = 0.05
_PR_SET_CHILD_SUBREAPER = 36
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def watch() -> None:
    """From now on a signal to stop unwinds every ``with`` block once, and orphaned grandchildren become children."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in _STOPPING:
        signal.signal(number, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    for each in _STOPPING:
        signal.signal(each, signal.SIG_IGN)
    print(f"\nstopped by {signal.Signals(number).name}: ending what this run has started", file=sys.stderr, flush=True)
    sys.exit(128 + number)


def end_all() -> None:
    """End what is left of our processes: politely, then not."""
    give_up = time.monotonic() + GRACE_S
    number = signal.SIGTERM
    while left := _children():
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        time.sleep(TICK_S)
        _reap()
        if time.monotonic() > give_up:
            number = signal.SIGKILL


def _children() -> list[int]:
    """Those of every thread."""
    files = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(pid) for file in files for pid in file.read_text().split()]


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
