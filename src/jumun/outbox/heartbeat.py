import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connections

from jumun.outbox.lease import RENEW_EVERY_S, LeasedRow

logger = logging.getLogger("jumun.worker")

# How soon a failed renewal is tried again.
AGAIN_S = 1.0


class Heartbeat:
    """Renews the leases of claimed rows in its own thread, so that slow work does not look like a dead worker."""

    def __init__(self) -> None:
        self._held: dict[UUID | None, list[LeasedRow]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()

    @contextmanager
    def holding(self, rows: list[LeasedRow]) -> Iterator[None]:
        """Renew the leases of these rows of one claim until the block ends."""
        token = rows[0].lease_token
        self._held[token] = rows
        try:
            yield
        finally:
            del self._held[token]

    def beat(self) -> bool:
        """Renew every lease now; ``False`` if one could not be renewed."""
        try:
            for rows in list(self._held.values()):
                type(rows[0]).renew(rows)
        except Exception:
            # Without renewal another worker takes the rows, and this one rolls back: nothing is lost.
            logger.warning("a lease could not be renewed", exc_info=True)
            connections.close_all()
            return False
        return True

    def _keep_beating(self) -> None:
        wait_s: float = RENEW_EVERY_S
        while not self._stop.wait(wait_s):
            wait_s = RENEW_EVERY_S if self.beat() else min(AGAIN_S, RENEW_EVERY_S)
        connections.close_all()
