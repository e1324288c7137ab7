"""Many who want the same at the same moment: processes with threads, as the web servers of a store are."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Any

from django.db import connection

PROCESSES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What all of them did: ``done`` is what their work came to, ``failed`` how often it raised."""

    done: int
    failed: int
    seconds: float

    @property
    def per_s(self) -> float:
        return self.done / self.seconds


def crowd(act: Callable[[int], int], *, people: int, times: int) -> Told:
    """Have ``people`` begin together and do their work so many times each.

    ``act`` is given a number that nobody else is given, from 0 on, and returns what came of it.
    """
    context = multiprocessing.get_context("fork")
    barrier, told = context.Barrier(people), context.SimpleQueue()
    # A connection must not be used by two processes.
    connection.close()
    share = people // PROCESSES
    processes = [
        context.Process(target=_threads, args=(act, range(first, first + share), times, barrier, told))
        for first in range(0, people, share)
    ]
    for process in processes:
        process.start()
    answers = [told.get() for _ in range(people)]
    for process in processes:
        process.join()
    done, failed, begun, ended = zip(*answers, strict=True)
    return Told(done=sum(done), failed=sum(failed), seconds=max(ended) - min(begun))


def _threads(act: Callable[[int], int], people: range, times: int, barrier: Any, told: Any) -> None:
    def person(number: int) -> None:
        connection.ensure_connection()
        barrier.wait()
        told.put(_work(act, range(number * times, (number + 1) * times)))
        connection.close()

    threads = [Thread(target=person, args=(number,)) for number in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(act: Callable[[int], int], turns: range) -> tuple[int, int, float, float]:
    done = failed = 0
    begun = time.monotonic()
    for turn in turns:
        try:
            done += act(turn)
        except Exception:  # noqa: BLE001 (whatever it is, somebody gets an error page)
            failed += 1
    return done, failed, begun, time.monotonic()
