"""The loop behind ``manage.py work``."""

import logging
import threading
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection

from jumun.cause import acting
from jumun.errors import LeaseLost, WorkerDied
from jumun.outbox.lease import LEASE_S, LeasedRow
from jumun.outbox.models import Job
from jumun.outbox.queues import registered_queues

logger = logging.getLogger("jumun.worker")

BATCH = 10
POLL_S = 0.2


def process(row: LeasedRow) -> None:
    """Run one claimed row and record how it went; never raises for what the row's work did."""
    try:
        try:
            _check_tries(row)
            with acting(row.cause):
                row.run()
        except LeaseLost:
            raise
        except Exception as error:
            logger.warning("%s failed, attempt %d", row, row.attempts, exc_info=True)
            row.fail(error)
    except LeaseLost:
        logger.warning("%s was taken over by another worker", row)


def _check_tries(row: LeasedRow) -> None:
    """Raise `WorkerDied` for a row whose tries are used up, none of which came to an end."""
    if row.attempts > row.attempts_max:
        raise WorkerDied(f"{row.attempts_max} tries began and none ended")


class Heartbeat:
    """Renews the lease of the batch in hand, so that slow work is not taken for a dead worker."""

    def __init__(self) -> None:
        self._held: tuple[type[LeasedRow], UUID] | None = None

    def hold(self, rows: list[LeasedRow]) -> None:
        token = rows[0].lease_token if rows else None
        self._held = (type(rows[0]), token) if token else None

    def beat(self, stop: threading.Event) -> None:
        while not stop.wait(LEASE_S / 3):
            if not (held := self._held):
                continue
            queue, token = held
            try:
                queue.renew(token)
            except DatabaseError:
                # Without renewal another worker takes over, and this one's effect rolls back: nothing is
                # lost.
                logger.warning("a lease could not be renewed", exc_info=True)
                connection.close()
        connection.close()


def work_once(heartbeat: Heartbeat | None = None) -> int:
    """Claim one batch of every queue and process it; return how many rows that were."""
    count = 0
    for queue in registered_queues():
        rows = queue.claim(BATCH)
        if heartbeat:
            heartbeat.hold(rows)
        for row in rows:
            process(row)
        count += len(rows)
    return count


def drain() -> int:
    """Process until nothing is due; return how many rows that were."""
    total = 0
    while count := work_once():
        total += count
    return total


def work(stop: threading.Event) -> None:
    """Process due rows until ``stop`` is set; the batch in hand is finished first.

    A database that is away is waited for: the rows are still there when it comes back.
    """
    heartbeat = Heartbeat()
    recurring_are_there = False
    beating = threading.Thread(target=heartbeat.beat, args=(stop,), daemon=True)
    beating.start()
    while not stop.is_set():
        close_old_connections()
        try:
            if not recurring_are_there:
                Job.ensure_recurring()
                recurring_are_there = True
            count = work_once(heartbeat)
        except Exception:
            logger.exception("the worker could not claim work; it tries again")
            stop.wait(1.0)
            continue
        if not count:
            stop.wait(POLL_S)
    beating.join()
