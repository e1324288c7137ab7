"""How a long job hears that its worker is to stop."""

import threading
from contextvars import ContextVar

from jumun.errors import WorkerStopping

_stop: ContextVar[threading.Event | None] = ContextVar("jumun_worker_stop", default=None)


def stops_at(stop: threading.Event) -> None:
    """What this thread does from now on is to end soon once ``stop`` is set."""
    _stop.set(stop)


def go_on() -> None:
    """Called between two parts of a job that can be taken up again. Raises `WorkerStopping` when it is time to end."""
    stop = _stop.get()
    if stop and stop.is_set():
        raise WorkerStopping
