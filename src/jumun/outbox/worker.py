"""What ``manage.py work`` runs. Threads, because the work waits for others: Stripe, the mail server, the database.

To use more cores, run more worker processes, on as many machines as there are.
"""

import logging
import threading
from collections.abc import Collection, Iterator

from django.apps import apps
from django.db import connection

from jumun.db.schema import schema_problem
from jumun.outbox.due_times import LOOK_EVERY_S, put_right
from jumun.outbox.heartbeat import Heartbeat
from jumun.outbox.lanes import Lane
from jumun.outbox.lease import LeasedRow, State
from jumun.outbox.models import Job
from jumun.outbox.process import process, run_here
from jumun.outbox.queue_runner import AWAY_S, QueueRunner
from jumun.outbox.queues import registered_queues
from jumun.outbox.signals import worker_started
from jumun.outbox.stopping import stops_at

logger = logging.getLogger("jumun.worker")

# How often a worker whose tables are of another version looks whether they have been brought up to date.
SCHEMA_AGAIN_S = 5.0


def drain() -> int:
    """Process until nothing is due; return how many rows that were."""
    total = 0
    while count := sum(map(work_once, Lane)):
        total += count
    return total


def work_once(lane: Lane) -> int:
    """Process one claim of ``lane``; return how many rows that were."""
    count = 0
    for queue in _queues_of(lane):
        if rows := queue.claim(lane.batch, lane):
            with Heartbeat() as heartbeat, heartbeat.holding(rows):
                for row in rows:
                    process(row)
            count += len(rows)
    return count


def work_alone(label: str, pk: int, lease_token: str, stop: threading.Event) -> None:
    """Process one row that another process has claimed; nothing where its lease is over. For `run_alone`."""
    model = apps.get_model(label)
    assert issubclass(model, LeasedRow)  # noqa: S101 (said by ourselves)
    stops_at(stop)
    for row in model._default_manager.filter(pk=pk, lease_token=lease_token, state=State.READY):
        with Heartbeat() as heartbeat, heartbeat.holding([row]):
            run_here(row)


def work(stop: threading.Event, *, concurrency: int = 1, lanes: Collection[Lane] = tuple(Lane)) -> None:
    """Process due rows of ``lanes`` until ``stop`` is set, with ``concurrency`` threads for events and fewer for each
    of the others; rows in hand are finished.

    A database that is away is waited for.
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
    """A worker that reads tables of another version would park what it does not understand: a deployment's next step,
    or an operator, brings them up to date.
    """
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
        stop.wait(AWAY_S if problem == "no answer" else SCHEMA_AGAIN_S)


def _watch_due_times(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            put_right()
        except Exception:
            # The runners wait for the database, and tell of it.
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
