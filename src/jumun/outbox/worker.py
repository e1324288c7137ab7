"""What ``manage.py work`` runs. It uses threads, because most work waits for Stripe, the mail server or the database.

To use more cores, run more worker processes, on as many machines as there are.
"""

import logging
import threading
from collections.abc import Collection, Iterator

from django.apps import apps
from django.db import connection

from jumun.db.schema import schema_problem
from jumun.outbox.due_times import LOOK_EVERY_S, correct_due_times
from jumun.outbox.heartbeat import Heartbeat
from jumun.outbox.lanes import Lane
from jumun.outbox.lease import LeasedRow, State
from jumun.outbox.models import Job
from jumun.outbox.process import process, run_here
from jumun.outbox.queue_runner import DATABASE_RETRY_S, QueueRunner
from jumun.outbox.queues import registered_queues
from jumun.outbox.signals import worker_started
from jumun.outbox.stopping import stops_at

logger = logging.getLogger("jumun.worker")

# How often a worker checks again whether the tables have its version.
SCHEMA_AGAIN_S = 5.0


def drain() -> int:
    """Process rows until none is due; return how many."""
    total = 0
    while count := sum(map(work_once, Lane)):
        total += count
    return total


def work_once(lane: Lane) -> int:
    """Process one claim of each table of ``lane``; return how many rows."""
    count = 0
    for queue in _queues_of(lane):
        if rows := queue.claim(lane.batch, lane):
            with Heartbeat() as heartbeat, heartbeat.holding(rows):
                for row in rows:
                    process(row)
            count += len(rows)
    return count


def work_alone(label: str, pk: int, lease_token: str, stop: threading.Event) -> None:
    """Process one row that another process has claimed, if the lease is still valid. For `run_alone`."""
    model = apps.get_model(label)
    assert issubclass(model, LeasedRow)  # noqa: S101 (our own argument)
    stops_at(stop)
    for row in model._default_manager.filter(pk=pk, lease_token=lease_token, state=State.READY):
        with Heartbeat() as heartbeat, heartbeat.holding([row]):
            run_here(row)


def work(stop: threading.Event, *, concurrency: int = 1, lanes: Collection[Lane] = tuple(Lane)) -> None:
    """Process due rows of ``lanes`` until ``stop`` is set; then running rows finish.

    ``concurrency`` is the number of threads for events; other lanes have fewer. If the database does not answer, wait.
    """
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    _wait_for_schema(stop)
    _ensure_recurring(stop)
    threading.Thread(target=_watch_due_times, args=(stop,), name="due times", daemon=True).start()
    with Heartbeat() as heartbeat:
        runners: list[QueueRunner] = []
        for lane in lanes:
            first = tuple(runner for runner in runners if runner.lane == Lane.EVENTS) if lane.low_priority else ()
            runners += [
                QueueRunner(queue, lane, concurrency=concurrency, heartbeat=heartbeat, stop=stop, gives_way_to=first)
                for queue in _queues_of(lane)
            ]
        threads = [
            threading.Thread(target=runner.serve, name=str(runner)) for runner in runners for _ in range(runner.threads)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _queues_of(lane: Lane) -> Iterator[type[LeasedRow]]:
    return (queue for queue in registered_queues() if lane in queue.LANES)


def _wait_for_schema(stop: threading.Event) -> None:
    """Wait until the tables have this version: on tables of another version, a worker would park every row."""
    while not stop.is_set():
        try:
            problem = schema_problem(connection)
        except Exception:
            logger.exception("the database does not answer; the worker tries again")
            problem = "no answer"
        else:
            if problem:
                logger.error("the worker waits: %s", problem)
        finally:
            connection.close()
        if not problem:
            return
        stop.wait(DATABASE_RETRY_S if problem == "no answer" else SCHEMA_AGAIN_S)


def _watch_due_times(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            correct_due_times()
        except Exception:
            # The runners log it and wait for the database.
            logger.debug("due times could not be looked at", exc_info=True)
        finally:
            connection.close()
        stop.wait(LOOK_EVERY_S)


def _ensure_recurring(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            Job.ensure_recurring()
        except Exception:
            logger.exception("the database does not answer; the worker tries again")
            stop.wait(DATABASE_RETRY_S)
        else:
            return
        finally:
            connection.close()


def _warm_up() -> None:
    for receiver, answer in worker_started.send_robust(None):
        if isinstance(answer, Exception):
            logger.warning("%s could not be loaded ahead", receiver, exc_info=answer)
    connection.close()
