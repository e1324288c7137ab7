"""A row that two processes died of gets a process of its own, so that the third death harms nobody else."""

import os
import subprocess
import sys
import time

from jumun.errors import JumunError
from jumun.outbox.lease import LeasedRow
from jumun.outbox.stopping import stopping

# What may take longer must be resumable: it is told to stop, and goes on at its next turn.
ALONE_MAX_S = 60.0
STOP_TIMEOUT_S = 5.0
LOOK_S = 0.1
# EX_TEMPFAIL of sysexits.h: the process could not do its part, the database was away for instance.
EXIT_TEMPFAIL = 75


class AloneFailed(JumunError):
    """The row's own process could not reach the row, or not record how it went."""

    retryable = True


def run_alone(row: LeasedRow) -> None:
    """Have the row, under the lease that this process holds, processed by ``manage.py work --alone``.

    Raises `LeaseLost`.
    """
    command = [sys.executable, "-m", "django", "work", "--alone", row._meta.label, str(row.pk), str(row.lease_token)]
    # What can be imported here can be imported there, wherever manage.py is.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        code = _end_of(subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL))  # noqa: S603
    except OSError as error:
        row.fail(error)
        return
    if code == EXIT_TEMPFAIL:
        row.fail(AloneFailed("its own process could not process it: see the log"))
    elif code and stopping().is_set():
        row.release()
    elif code:
        row.die(f"signal {-code}" if code < 0 else f"exit code {code}")


def _end_of(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end, and bring it about when the worker is to stop or it takes too long; return the exit code."""
    give_up = time.monotonic() + ALONE_MAX_S
    with process:
        while process.poll() is None:
            if stopping().wait(LOOK_S) or time.monotonic() > give_up:
                process.terminate()
                try:
                    process.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    process.kill()
    return process.wait()
