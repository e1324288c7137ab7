import logging

from jumun.cause import acting
from jumun.errors import LeaseLost, WorkerDied, WorkerStopping
from jumun.outbox.lease import LeasedRow

logger = logging.getLogger("jumun.worker")


def process(row: LeasedRow) -> None:
    """Run one claimed row and record how it went; never raises for what the row's work did."""
    try:
        try:
            _check_tries(row)
            with acting(row.cause):
                row.run()
        except LeaseLost:
            raise
        except WorkerStopping:
            row.release()
        except Exception as error:
            logger.warning("%s failed, attempt %d", row, row.attempts, exc_info=True)
            row.fail(error)
    except LeaseLost:
        logger.warning("%s was taken over by another worker", row)


def _check_tries(row: LeasedRow) -> None:
    """Raise `WorkerDied` for a row whose tries are used up, none of which came to an end."""
    if row.attempts > row.attempts_max:
        raise WorkerDied(f"{row.attempts_max} tries began and none ended")
