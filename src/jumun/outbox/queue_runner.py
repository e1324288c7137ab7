import logging
import threading
from collections.abc import Sequence

from django.db import connections, router, transaction

from jumun.errors import LeaseLost
from jumun.outbox.clock import Clock
from jumun.outbox.heartbeat import Heartbeat
from jumun.outbox.lanes import Lane
from jumun.outbox.lease import LeasedRow
from jumun.outbox.process import process
from jumun.outbox.stopping import stops_at

logger = logging.getLogger("jumun.worker")

# How long a row of low priority waits for due events before it runs beside them.
GIVE_WAY_S = 1.0
# How often to look for new events, and for new rows of other lanes. A look costs half a millisecond:
# docs/decisions/0032-polling-not-notify.md
POLL_S = 0.05
POLL_OTHERS_S = 0.25
# How often to try a database that does not answer.
DATABASE_RETRY_S = 1.0
# How long all lanes but events wait for a clock to return after a jump.
CLOCK_SETTLES_S = 30.0


class QueueRunner:
    """The threads that serve one lane of a table.

    One thread at a time looks for due rows; the others work, or wait for their turn to look.
    """

    def __init__(
        self,
        queue: type[LeasedRow],
        lane: Lane,
        *,
        concurrency: int,
        heartbeat: Heartbeat,
        stop: threading.Event,
        gives_way_to: "Sequence[QueueRunner]" = (),
    ):
        self._queue = queue
        self.lane = lane
        self._gives_way_to = gives_way_to
        # Set while no row of this lane is due and none is being worked on.
        self._quiet = threading.Event()
        self._at_work: set[int] = set()
        self.threads = lane.threads(concurrency)
        # Claiming several rows at once is cheaper, but no other thread can start a claimed row.
        self._batch = -(-lane.batch // self.threads)
        self._poll_s = POLL_S if lane == Lane.EVENTS else POLL_OTHERS_S
        self._heartbeat = heartbeat
        self._stop = stop
        self._turn = threading.Lock()
        self._clock = Clock()

    def __str__(self) -> str:
        return self.lane.value

    def serve(self) -> None:
        """Process due rows until ``stop`` is set. Then running rows finish, and claimed rows are released."""
        stops_at(self._stop)
        try:
            while rows := self._next_rows():
                self._work_off(rows)
                self._at_work.discard(threading.get_ident())
        finally:
            # No row can end this thread. If something else did, the worker stops instead of running on without it.
            self._stop.set()
            connections.close_all()

    def _next_rows(self) -> list[LeasedRow]:
        """Wait for due rows and return them; none when it is time to stop."""
        with self._turn:
            while not self._stop.is_set():
                if self._clock.has_jumped():
                    self._wait_for_clock()
                    continue
                try:
                    rows = self._queue.claim(self._batch, self.lane)
                except Exception:
                    logger.exception("no work could be claimed; the worker tries again")
                    self._wait_for_database()
                    continue
                if rows:
                    self._at_work.add(threading.get_ident())
                    self._quiet.clear()
                    return rows
                if not self._at_work:
                    self._quiet.set()
                self._stop.wait(self._poll_s)
        return []

    def _wait_for_clock(self) -> None:
        """If the clock is ahead, leases and orders seem to have expired. Often it comes back soon. Payments wait only
        briefly.
        """
        logger.warning("the clock has jumped: lane %s waits a moment before it goes on", self.lane)
        self._heartbeat.beat()
        self._stop.wait(2 * DATABASE_RETRY_S if self.lane == Lane.EVENTS else CLOCK_SETTLES_S)

    def _wait_for_database(self) -> None:
        """Leases may have expired meanwhile. Every worker renews its own before any worker claims abandoned rows:
        otherwise a mail whose sending could not be recorded would be sent again.
        """
        connections.close_all()
        while not self._stop.wait(DATABASE_RETRY_S) and not (self._heartbeat.beat() and self._can_claim()):
            pass
        # Longer than other workers take to notice that the database is back.
        self._stop.wait(2 * DATABASE_RETRY_S)

    def _can_claim(self) -> bool:
        """Whether a claim succeeds, which is rolled back. Reading is not enough: a full disk can be read."""
        using = router.db_for_write(self._queue)
        try:
            with transaction.atomic(using):
                self._queue.claim(self._batch, self.lane)
                transaction.set_rollback(True, using)
        except Exception:  # noqa: BLE001 (the log names it already)
            connections.close_all()
            return False
        return True

    def _give_way(self) -> None:
        for runner in self._gives_way_to:
            if not self._stop.is_set():
                runner._quiet.wait(GIVE_WAY_S)

    def _work_off(self, rows: list[LeasedRow]) -> None:
        with self._heartbeat.holding(rows):
            for row in rows:
                self._give_way()
                try:
                    if self._stop.is_set():
                        row.release()
                    else:
                        process(row)
                except LeaseLost:
                    pass
                # This thread continues with the other rows, whatever was raised.
                except BaseException:
                    logger.exception("the worker could not record how %s went", row)
                    self._release(row)

    def _release(self, row: LeasedRow) -> None:
        """Release a row, because if its lease expired, that would count as a death."""
        while True:
            connections.close_all()
            try:
                row.release(DATABASE_RETRY_S)
            except LeaseLost:
                return
            except Exception:  # noqa: BLE001 (the log names it already)
                if self._stop.wait(DATABASE_RETRY_S):
                    return
            else:
                return
