import logging
import signal
import threading

from jumun.actor import acting
from jumun.errors import LeaseLost, WorkerStopping
from jumun.outbox.alone import run_alone
from jumun.outbox.lease import ALONE_FROM_DEATHS, DEATHS_MAX, LeasedRow, error_text
from jumun.outbox.queues import process_row

logger = logging.getLogger("jumun.worker")


def process(row: LeasedRow) -> None:
    """Run one claimed row and record the result. An exception of its work counts against this row only.

    Raises the database's error if the result cannot be recorded, and `KeyboardInterrupt` for Ctrl-C.
    """
    try:
        if row.deaths >= DEATHS_MAX:
            row.give_up("its worker was killed")
        elif row.deaths >= ALONE_FROM_DEATHS:
            run_alone(row)
        else:
            run_here(row)
    except LeaseLost:
        logger.warning("%s was taken over by another worker", row)


def run_here(row: LeasedRow) -> None:
    """Run the row in this process. Raises `LeaseLost`, and the same as `process`."""
    try:
        with acting(row.cause):
            process_row(row)
    except LeaseLost:
        raise
    except WorkerStopping:
        row.release()
    except (MemoryError, RecursionError) as error:
        _die(row, error)
    except Exception as error:
        logger.warning("%s failed, attempt %d", row, row.attempts + 1, exc_info=True)
        row.fail(error)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and _is_interruptible():
            row.release()
            raise
        _die(row, error)


def _is_interruptible() -> bool:
    """Whether Ctrl-C raises `KeyboardInterrupt` here. If not, the row's own code raised it."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _die(row: LeasedRow, error: BaseException) -> None:
    """Record an exception that would have ended this thread or process if it were not caught."""
    logger.error("%s raised %s", row, type(error).__name__, exc_info=True)
    row.die(error_text(error))
