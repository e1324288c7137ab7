"""Whether /readyz says what is so: that the store works, and how long the oldest work has been waiting."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx
import psycopg

from tests.chaos.books import Books

ASK_EVERY_S = 0.5
# Between the look into the database and the answer, and for the rounding of both.
TOLERANCE_S = 1.0
TABLES = ("jumun_outbox_job", "jumun_payments_inboxevent")


@dataclass
class Readiness:
    """Asks again and again, for the length of a ``with`` block."""

    url: str
    books: Books
    now: Callable[[], datetime]
    # Nobody kills what would have to answer.
    is_calm: Callable[[], bool]
    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, name="readiness")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _ask_on(self) -> None:
        # A connection of its own for each question: the server may close one that is kept just as it is used again.
        unkept = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(timeout=30, trust_env=False, limits=unkept) as client:
            while not self._stop.wait(ASK_EVERY_S):
                # Whoever has killed the database here, or lost its tables, sees it by the same error as the store.
                with suppress(psycopg.OperationalError, psycopg.ProgrammingError, sqlite3.OperationalError):
                    self._ask(client)

    def _ask(self, client: httpx.Client) -> None:
        if not self.is_calm():
            return
        before, offset, began = self._oldest(), self._offset_s(), time.monotonic()
        try:
            answer = client.get(f"{self.url}/readyz")
            answered = answer.json() if answer.status_code == httpx.codes.OK else answer.status_code
        except (httpx.TransportError, ValueError) as error:
            answered = repr(error)
        after = self._oldest()
        if not self.is_calm() or abs(self._offset_s() - offset) > TOLERANCE_S:
            return
        self.asked += 1
        # The second look takes its time on a busy machine, and the answer was given before it.
        self.judge(answered, before=before, after=after, now=self.now(), took_s=time.monotonic() - began)

    def judge(
        self,
        answered: object,
        *,
        before: tuple[str, datetime] | None,
        after: tuple[str, datetime] | None,
        now: datetime,
        took_s: float,
    ) -> None:
        """Compare an answer with the oldest row of the database before and after it: its name, and when it was due."""
        if not isinstance(answered, dict) or answered.get("ok") is not True:
            self.wrong.append(f"/readyz answered {answered} of a store that works")
        elif before == after:
            # In between other rows may have come and gone, which were not older.
            waiting_s = (now - after[1]).total_seconds() if after else 0.0
            if abs(answered["oldest_waiting_s"] - waiting_s) > took_s + TOLERANCE_S:
                self.wrong.append(
                    f"/readyz says that work waits since {answered['oldest_waiting_s']} s, not {waiting_s:.1f} s"
                )

    def _offset_s(self) -> float:
        return (self.now() - datetime.now(UTC)).total_seconds()

    def _oldest(self) -> tuple[str, datetime] | None:
        """The row that has been due for longest, and since when."""
        now = self.now()
        due = [
            (f"{table} {row}", since) for table in TABLES if (found := self._due(table, now)) for row, since in found
        ]
        return min(due, key=lambda pair: pair[1], default=None)

    def _due(self, table: str, now: datetime) -> list[tuple[int, datetime]]:
        rows = self.books.rows(
            f"SELECT id, run_at FROM {table} WHERE state = 'ready' AND run_at <= '{now:%Y-%m-%d %H:%M:%S.%f}'"
            " ORDER BY run_at LIMIT 1"
        )
        return [(row, _utc(since)) for row, since in rows]


def _utc(moment: datetime | str) -> datetime:
    """SQLite gives text without a zone."""
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
