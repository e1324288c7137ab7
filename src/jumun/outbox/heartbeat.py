import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection

from jumun.outbox.lease import LEASE_S, LeasedRow

logger = logging.getLogger("jumun.worker")


class Heartbeat:
    """Renews the leases of what is in hand, from a thread of its own: slow work is not taken for a dead worker."""

    def __init__(self) -> None:
        self._held: dict[UUID | None, list[LeasedRow]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()

    @contextmanager
    def holding(self, rows: list[LeasedRow]) -> Iterator[None]:
        """Renew the leases of these rows, which are of one claim, until the block ends."""
        token = rows[0].lease_token
        self._held[token] = rows
        try:
            yield
        finally:
            del self._held[token]

    def _beat(self) -> None:
        while not self._stop.wait(LEASE_S / 3):
            for rows in list(self._held.values()):
                try:
                    type(rows[0]).renew(rows)
                except Exception:
                    # Whatever it is, this thread goes on for the other leases. Without renewal another worker takes
                    # over, and this one's effect rolls back: nothing is lost.
                    logger.warning("a lease could not be renewed", exc_info=True)
                    connection.close()
        connection.close()
