"""A row that killed two processes runs in its own process, so that a third death harms no other row."""

import os
import subprocess
import sys
import time

from jumun.errors import JumunError
from jumun.outbox.lease import LeasedRow
from jumun.outbox.stopping import stopping

# A job that may take longer must be resumable: it is told to stop, and continues at its next turn.
ALONE_MAX_S = 60.0
STOP_TIMEOUT_S = 5.0
LOOK_S = 0.1
# EX_TEMPFAIL of sysexits.h: the process could not do its part, for example because the database did not answer.
EXIT_TEMPFAIL = 75


class AloneFailed(JumunError):
    """The row's own process could not reach the row, or not record how it went."""

    retryable = True


def run_alone(row: LeasedRow) -> None:
    """Process the row in ``manage.py work --alone``, under the lease that this process holds. Raises `LeaseLost`."""
    command = [sys.executable, "-m", "django", "work", "--alone", row._meta.label, str(row.pk), str(row.lease_token)]
    # The child can import what this process can, wherever manage.py is.
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
    """Wait for the end and return the exit code. End the process if the worker stops or it takes too long."""
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
