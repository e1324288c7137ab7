"""What ``manage.py work`` runs. Threads, because the work waits for others: Stripe, the mail server, the database.

Who needs more than one processor runs more processes, on as many machines as there are.
"""

import logging
import threading

from django.db import connection

from jumun.outbox.heartbeat import Heartbeat
from jumun.outbox.lane import AWAY_S, BATCH, Lane
from jumun.outbox.models import Job
from jumun.outbox.process import process
from jumun.outbox.queues import registered_queues
from jumun.outbox.signals import worker_started

logger = logging.getLogger("jumun.worker")


def drain() -> int:
    """Process until nothing is due; return how many rows that were."""
    total = 0
    while count := work_once():
        total += count
    return total


def work_once() -> int:
    """Process one claim of every queue; return how many rows that were."""
    count = 0
    with Heartbeat() as heartbeat:
        for queue in registered_queues():
            if rows := queue.claim(BATCH):
                with heartbeat.holding(rows):
                    for row in rows:
                        process(row)
                count += len(rows)
    return count


def work(stop: threading.Event, *, concurrency: int = 1) -> None:
    """Process due rows until ``stop`` is set, with ``concurrency`` threads for each queue; rows in hand are finished.

    A database that is away is waited for.
    """
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    _ensure_recurring(stop)
    with Heartbeat() as heartbeat:
        lanes: list[Lane] = []
        for queue in registered_queues():
            first = tuple(lanes) if queue.GIVES_WAY else ()
            lanes.append(Lane(queue, concurrency=concurrency, heartbeat=heartbeat, stop=stop, gives_way_to=first))
        threads = [threading.Thread(target=lane.serve, name=str(lane)) for lane in lanes * concurrency]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _ensure_recurring(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            Job.ensure_recurring()
        except Exception:
            logger.exception("the database does not answer; the worker tries again")
            stop.wait(AWAY_S)
        else:
            return
        finally:
            connection.close()


def _warm_up() -> None:
    for receiver, answer in worker_started.send_robust(None):
        if isinstance(answer, Exception):
            logger.warning("%s could not be loaded ahead", receiver, exc_info=answer)
    connection.close()
