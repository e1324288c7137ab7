"""How a long job learns that its worker must stop."""

import threading
from contextvars import ContextVar

from jumun.errors import WorkerStopping

_stop: ContextVar[threading.Event | None] = ContextVar("jumun_worker_stop", default=None)


def stops_at(stop: threading.Event) -> None:
    """Work of this thread ends soon after ``stop`` is set."""
    _stop.set(stop)


def stopping() -> threading.Event:
    """The event that ends this thread's work; outside a worker, one that is never set."""
    return _stop.get() or threading.Event()


def checkpoint() -> None:
    """Call this between two parts of a resumable job. Raises `WorkerStopping` if the worker must stop."""
    if stopping().is_set():
        raise WorkerStopping
