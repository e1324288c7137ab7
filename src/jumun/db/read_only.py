"""A database that refuses writes: a hot standby, a maintenance switch, a disk mounted read-only.

A connection that was opened in that time refuses writes as long as it lives, even after the database has recovered. So
after a refused write, each request opens a new connection for a minute.
"""

import sqlite3
import time
from typing import Any

from django.core.signals import request_started
from django.db import connections
from django.dispatch import receiver

# The store's CONN_MAX_AGE: after that, no old connection is left.
RECONNECT_FOR_S = 60.0
# read_only_sql_transaction, of PostgreSQL's error codes.
SQLSTATE = "25006"

_reconnect_until_s = 0.0


def is_read_only(error: BaseException | None) -> bool:
    """Whether the error, or its cause, says that the database refuses all writes."""
    while error is not None:
        if getattr(error, "sqlstate", None) == SQLSTATE:
            return True
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
            return True
        error = error.__cause__ or error.__context__
    return False


def reconnect() -> None:
    """Close this thread's connections now, and those of other threads when their next requests begin."""
    global _reconnect_until_s  # noqa: PLW0603 (one for the process)
    _reconnect_until_s = time.monotonic() + RECONNECT_FOR_S
    _close_all()


@receiver(request_started)
def _reconnect_while_needed(**_: Any) -> None:
    if time.monotonic() < _reconnect_until_s:
        _close_all()


def _close_all() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
