import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

ROOM_MAX_S = 0.1


@contextmanager
def leaving_room() -> Iterator[None]:
    """Around one of many transactions: on SQLite, stay out afterwards for as long as we were in.

    SQLite has one writer at a time and no queue for it. Who writes thousands of times without a pause keeps
    customers out until their time-out, since they look for their chance only every 100 ms.
    """
    begun_s = time.monotonic()
    yield
    if connection.vendor == "sqlite":
        time.sleep(min(ROOM_MAX_S, time.monotonic() - begun_s))
