"""How a long job learns that its worker is to stop."""

import threading
from contextvars import ContextVar

from jumun.errors import WorkerStopping

_stop: ContextVar[threading.Event | None] = ContextVar("jumun_worker_stop", default=None)


def stops_at(stop: threading.Event) -> None:
    """This thread's work is to end soon once ``stop`` is set."""
    _stop.set(stop)


def stopping() -> threading.Event:
    """The event that ends this thread's work; outside a worker, one that nobody sets."""
    return _stop.get() or threading.Event()


def checkpoint() -> None:
    """Called between two parts of a job that can be resumed. Raises `WorkerStopping` when it is time to end."""
    if stopping().is_set():
        raise WorkerStopping
