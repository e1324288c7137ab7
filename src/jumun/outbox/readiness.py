"""Whether this process can serve: the database answers, has this version's tables and accepts writes."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, connections, router, transaction

from jumun.db.read_only import is_read_only, reconnect
from jumun.db.schema import schema_problem
from jumun.outbox.models import Job

logger = logging.getLogger("jumun.readiness")

# How long an answer is kept, because probes come often and from several places. A bad answer expires sooner.
SCHEMA_FITS_S, SCHEMA_DIFFERS_S = 30.0, 2.0
WRITABLE_S, READ_ONLY_S = 2.0, 0.5
# How long a probe waits for SQLite's other writers. If they write, the database accepts writes.
BUSY_MS = 500


class _Remembered:
    """An answer that is asked for again when it is too old. Empty means that all is well."""

    def __init__(self, ask: Callable[[], str], *, well_s: float, unwell_s: float) -> None:
        self._ask = ask
        self._well_s, self._unwell_s = well_s, unwell_s
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._answer, self._until_s = "", 0.0

    def __call__(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until_s:
                self._answer = self._ask()
                self._until_s = time.monotonic() + (self._unwell_s if self._answer else self._well_s)
            return self._answer


def _schema_problem() -> str:
    problem = schema_problem(connections[router.db_for_write(Job)])
    if problem:
        logger.error("not ready: %s", problem)
    return "schema" if problem else ""


def _write_problem() -> str:
    """Try an UPDATE that matches no row."""
    connection = connections[router.db_for_write(Job)]
    is_sqlite = connection.vendor == "sqlite"
    try:
        with connection.cursor() as cursor:
            if is_sqlite and not connection.in_atomic_block:
                cursor.execute("PRAGMA busy_timeout")
                (usual_ms,) = cursor.fetchone()
                cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        try:
            with transaction.atomic(using=connection.alias):
                Job.objects.filter(pk=0).update(attempts=0)
        finally:
            if is_sqlite and not connection.in_atomic_block and connection.connection is not None:
                with connection.cursor() as cursor:
                    cursor.execute(f"PRAGMA busy_timeout = {usual_ms}")
    except DatabaseError as error:
        if _is_busy(error):
            return ""
        if not is_read_only(error):
            raise
        reconnect()
        logger.error("not ready: the database takes no writes (%s)", error)
        return "read-only"
    return ""


def _is_busy(error: DatabaseError) -> bool:
    code: int = getattr(error.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


_schema = _Remembered(_schema_problem, well_s=SCHEMA_FITS_S, unwell_s=SCHEMA_DIFFERS_S)
_write = _Remembered(_write_problem, well_s=WRITABLE_S, unwell_s=READ_ONLY_S)


def not_ready_reason() -> str:
    """``schema``, ``read-only`` or nothing. The log has the details. Raises if the database does not answer."""
    return _schema() or _write()


def forget() -> None:
    """Ask again next time; call it after changing the database under this process."""
    _schema.forget()
    _write.forget()
