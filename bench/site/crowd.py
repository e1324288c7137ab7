"""Many who want the same at the same moment, a process each."""

import multiprocessing
import time
from collections.abc import Callable
from typing import Any

from django.db import connection


def crowd(act: Callable[[int], int], *, people: int, times: int) -> dict[str, float]:
    """Have ``people`` begin together and act so many times each.

    ``act`` is given a number that nobody else is given, from 1 on, and returns what came of it. Returns the sum of that
    (``done``), how often it raised (``failed``), and what was done in a second (``per_s``).
    """
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(people), context.SimpleQueue()
    # Two processes must not share a connection.
    connection.close()
    processes = [
        context.Process(target=_person, args=(act, range(first, first + times), barrier, answers))
        for first in range(1, 1 + people * times, times)
    ]
    for process in processes:
        process.start()
    done, failed, begun, ended = zip(*(answers.get() for _ in processes), strict=True)
    for process in processes:
        process.join()
    return {"done": sum(done), "failed": sum(failed), "per_s": sum(done) / (max(ended) - min(begun))}


def _person(act: Callable[[int], int], turns: range, barrier: Any, answers: Any) -> None:
    connection.ensure_connection()
    barrier.wait()
    done = failed = 0
    begun = time.monotonic()
    for turn in turns:
        try:
            done += act(turn)
        except Exception:  # noqa: BLE001 (whatever it is, somebody gets an error page)
            failed += 1
    answers.put((done, failed, begun, time.monotonic()))
    connection.close()
