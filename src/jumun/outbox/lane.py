import logging
import threading
from collections.abc import Sequence

from django.db import connections

from jumun.outbox.heartbeat import Heartbeat
from jumun.outbox.lease import LeasedRow
from jumun.outbox.process import process
from jumun.outbox.stopping import stops_at

logger = logging.getLogger("jumun.worker")

BATCH = 10
# How long a job waits for events that are due, before it is begun beside them.
GIVE_WAY_S = 1.0
# How soon new work is noticed. A look costs half a millisecond: docs/decisions/0032-polling-not-notify.md
POLL_S = 0.05
# The database is away: the rows are still there when it comes back.
AWAY_S = 1.0


class Lane:
    """One queue and the threads that serve it: a slow mail server holds up no payment.

    One thread at a time looks for due rows; the others work, or wait for their turn to look.
    """

    def __init__(
        self,
        queue: type[LeasedRow],
        *,
        concurrency: int,
        heartbeat: Heartbeat,
        stop: threading.Event,
        gives_way_to: "Sequence[Lane]" = (),
    ):
        self._queue = queue
        self._gives_way_to = gives_way_to
        # Set while nothing of this queue is due and nothing of it is in hand.
        self._quiet = threading.Event()
        self._at_work: set[int] = set()
        # One claim for several rows is cheaper; but what one thread has claimed no other can begin.
        self._batch = -(-BATCH // concurrency)
        self._heartbeat = heartbeat
        self._stop = stop
        self._turn = threading.Lock()

    def __str__(self) -> str:
        return self._queue._meta.label

    def serve(self) -> None:
        """Work off due rows until ``stop`` is set: the row in hand is finished, others of its claim are let go."""
        stops_at(self._stop)
        try:
            while rows := self._next_rows():
                self._work_off(rows)
                self._at_work.discard(threading.get_ident())
        finally:
            # Whatever ended this thread, the others do not go on without it as if all were well.
            self._stop.set()
            connections.close_all()

    def _next_rows(self) -> list[LeasedRow]:
        """Rows as soon as some are due; none when it is time to stop."""
        with self._turn:
            while not self._stop.is_set():
                try:
                    rows = self._queue.claim(self._batch)
                except Exception:
                    logger.exception("no work could be claimed; the worker tries again")
                    connections.close_all()
                    self._stop.wait(AWAY_S)
                    continue
                if rows:
                    self._at_work.add(threading.get_ident())
                    self._quiet.clear()
                    return rows
                if not self._at_work:
                    self._quiet.set()
                self._stop.wait(POLL_S)
        return []

    def _give_way(self) -> None:
        for lane in self._gives_way_to:
            if not self._stop.is_set():
                lane._quiet.wait(GIVE_WAY_S)

    def _work_off(self, rows: list[LeasedRow]) -> None:
        try:
            with self._heartbeat.holding(rows):
                for row in rows:
                    self._give_way()
                    if self._stop.is_set():
                        row.release()
                    else:
                        process(row)
        except Exception:
            # The database is away, and what is left of the claim comes back when its lease ends.
            logger.exception("the worker could not record how a row went")
            connections.close_all()
