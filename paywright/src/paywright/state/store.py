"""State in SQLite: one row an object, written before a client is answered.

All access comes from the event loop's thread and no transaction spans an ``await``: that
thread is the single writer, so concurrent clients are serialised without locks or a second
connection, and a transaction of a millisecond delays the others less than a change of threads.

WAL with ``synchronous=NORMAL`` loses nothing when the process is killed (the pages are with
the operating system); only a power cut could undo the last commits, which a sandbox may.
"""

import fcntl
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from paywright.api import errors
from paywright.sandbox.clock import Clock
from paywright.state.business import Business
from paywright.state.filters import indexes
from paywright.webhooks.targets import Targets

Json = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  created INTEGER NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS object_newest ON object (kind, created, seq);
CREATE TABLE IF NOT EXISTS task (
  id INTEGER PRIMARY KEY,
  run_at REAL NOT NULL,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  UNIQUE (name, subject)
);
CREATE INDEX IF NOT EXISTS task_due ON task (run_at, id);
CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY,
  event TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at REAL,
  UNIQUE (event, endpoint)
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (next_at) WHERE state = 'pending';
CREATE TABLE IF NOT EXISTS attempt (
  id INTEGER PRIMARY KEY,
  delivery INTEGER NOT NULL REFERENCES delivery (id),
  at REAL NOT NULL,
  status INTEGER,
  took_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempt_delivery ON attempt (delivery);
CREATE TABLE IF NOT EXISTS answer (
  key TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  body BLOB NOT NULL,
  request TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

FORWARD_SETTING = "forward_endpoint"
"""Names the id of the endpoint given on the command line."""

FORMAT = 1
"""Written into the file as ``user_version``; a file of another format is refused."""


class StateUnreadable(Exception):
    """The state file cannot be opened, or is not Paywright's."""


@dataclass(frozen=True)
class Cause:
    """The API request that causes events; both null when Stripe acts by itself."""

    request: str | None = None
    idempotency_key: str | None = None
    api_version: str | None = None


class Store:
    """One state file, or a temporary one removed by ``close``."""

    def __init__(
        self, path: Path | None, base_url: str, business: Business | None = None, targets: Targets | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="paywright-") if path is None else None
        self.base_url = base_url
        self.business = business or Business()
        self.fees = self.business.fees
        self.targets = targets or Targets()
        self.path = Path(self._folder.name) / "state.sqlite3" if self._folder else path
        self._lock = None if path is None else _locked(path)
        try:
            self.connection = _opened(str(self.path))
            if self._folder:
                # Nobody reads a temporary file once this process has ended: it needs no journal on the disk.
                self.connection.executescript(
                    "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE;"
                )
            self.clock = Clock(int(self.setting("clock_offset_s", "0")))
        except (sqlite3.Error, StateUnreadable) as problem:
            self._unlock()
            raise StateUnreadable(f"cannot use state file {self.path}: {problem}") from None
        self._moments: dict[str, tuple[int, float | None]] = {}

    def close(self) -> None:
        self.connection.close()
        self._unlock()
        if self._folder:
            self._folder.cleanup()

    def _unlock(self) -> None:
        """Last of all, since closing a file gives up all locks that its process has on it."""
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def transaction(self, cause: Cause | None = None) -> Iterator["Transaction"]:
        """All or nothing; committed when the block ends, so before any answer."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(self, cause or Cause())
            self.connection.execute("COMMIT")
        except BaseException:
            # When the disk is full, SQLite rolls back by itself.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def advance_clock(self, moment: float) -> None:
        """Move the server's time forward to ``moment`` (seconds UTC), for good."""
        self.clock.move_to(moment)
        self.set_setting("clock_offset_s", str(self.clock.offset_s))

    def clear(self) -> None:
        """Forget everything but the webhook endpoint given on the command line, and return to real time."""
        with self.transaction() as tx:
            for table in ("attempt", "delivery", "task", "answer"):
                tx.sql.execute(f"DELETE FROM {table}")  # noqa: S608 (a constant)
            tx.sql.execute("DELETE FROM object WHERE id != ?", (self.setting(FORWARD_SETTING, ""),))
            self.clock.offset_s = 0
            self.fees = self.business.fees
            self.set_setting("clock_offset_s", "0")

    def moment(self, query: str) -> float | None:
        """The one number a query finds. The background asks often, so it is kept until something is written."""
        written = self.connection.total_changes
        if self._moments.get(query, (-1, None))[0] != written:
            (found,) = self.connection.execute(query).fetchone()
            self._moments[query] = (written, found)
        return self._moments[query][1]

    def setting(self, name: str, default: str) -> str:
        row = self.connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    def set_setting(self, name: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))


def _locked(path: Path) -> BinaryIO:
    """Lock the file against other servers while this process lives: two servers would deliver every event twice.

    Not SQLite's own lock, so that others may still read.
    """
    try:
        held = path.open("ab")
    except OSError as problem:
        raise StateUnreadable(f"cannot use state file {path}: {problem.strerror}") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise StateUnreadable(f"state file {path} is in use by another Paywright") from None
    return held


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if (found and found != FORMAT) or (tables and not found):
        connection.close()
        raise StateUnreadable("it is not one of this version of Paywright")
    connection.executescript(_SCHEMA + "".join(indexes()) + f"PRAGMA user_version = {FORMAT};")
    return connection


class Transaction:
    """The view of one request or task; ``now`` does not change within it."""

    def __init__(self, store: Store, cause: Cause) -> None:
        self.sql = store.connection
        self.now = store.clock.now()
        self.cause = cause
        self.base_url = store.base_url
        self.business_name = store.business.name
        self.fees = store.fees
        self.targets = store.targets
        self.endpoints: list[Json] | None = None
        """The enabled webhook endpoints, once an event has asked for them."""

    def find(self, identifier: str, *kinds: str) -> Json | None:
        row = self.sql.execute("SELECT kind, doc FROM object WHERE id = ?", (identifier,)).fetchone()
        if row is None or (kinds and row[0] not in kinds):
            return None
        doc: Json = orjson.loads(row[1])
        return doc

    def get(self, identifier: str) -> Json:
        """Return an object that another object refers to; raise LookupError if it is missing, which would be a bug."""
        doc = self.find(identifier)
        if doc is None:
            raise LookupError(identifier)
        return doc

    def require(self, identifier: str, kind: str, *, param: str, in_path: bool = False) -> Json:
        """Return the object, or raise Stripe's ``resource_missing``."""
        doc = self.find(identifier, kind)
        if doc is None or doc.get("deleted"):
            raise errors.no_such(NOUNS.get(kind, kind), identifier, param=param, in_path=in_path)
        return doc

    def insert(self, doc: Json) -> Json:
        self.sql.execute(
            "INSERT INTO object (id, kind, created, doc) VALUES (?, ?, ?, ?)",
            (doc["id"], doc["object"], doc.get("created", self.now), _dumps(doc)),
        )
        return doc

    def save(self, doc: Json) -> Json:
        self.sql.execute("UPDATE object SET doc = ? WHERE id = ?", (_dumps(doc), doc["id"]))
        return doc

    def later(self, seconds: float, name: str, subject: str) -> None:
        """Schedule task ``name`` for the object ``subject``, in ``seconds`` of the server's time."""
        self.sql.execute(
            "INSERT OR REPLACE INTO task (run_at, name, subject) VALUES (?, ?, ?)",
            (self.now + seconds, name, subject),
        )

    def forget_task(self, name: str, subject: str) -> None:
        self.sql.execute("DELETE FROM task WHERE name = ? AND subject = ?", (name, subject))


NOUNS = {"webhook_endpoint": "webhook endpoint", "tax_rate": "tax rate", "promotion_code": "promotion code"}
"""What error messages call a kind when it is not by its own name."""


def _dumps(doc: Json) -> str:
    return orjson.dumps(doc).decode()
