"""What the store believes: its tables, read by plain SQL and not by the code that is being tried, and its mails."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import psycopg

from tests.chaos.mail import Post
from tests.postgres import Server


class Place(Protocol):
    """Where a store runs: its folder, its PostgreSQL if it has one, its mail server, and what was killed there."""

    folder: Path
    database: Server | None
    mail: Post
    kills: list[str]
    clock_changes: int


class Books:
    """The store's database, and its mails."""

    def __init__(self, world: Place) -> None:
        self.world = world

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        if self.world.database:
            with psycopg.connect(self.world.database.url) as connection:
                return connection.execute(query.encode()).fetchall()
        path = self.world.folder / "jumun.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()

    def column(self, query: str) -> set[Any]:
        """The values of a query for one column."""
        return {value for (value,) in self.rows(query)}

    def count(self, query: str) -> int:
        """The one number that a query gives."""
        return int(self.rows(query)[0][0])

    def waiting(self) -> int:
        """Work that is still to be done, now or later, but for what comes again and again."""
        jobs = "SELECT count(*) FROM jumun_outbox_job WHERE state = 'ready' AND key NOT LIKE '%:recurring'"
        events = "SELECT count(*) FROM jumun_payments_inboxevent WHERE state = 'ready'"
        return self.count(jobs) + self.count(events)

    def due(self, now: datetime) -> int:
        """Work that a worker has in hand, or will have at once."""
        # A row in hand has a token; what failed and waits for another try has none.
        soon = (now + timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S")
        due = f"SELECT count(*) FROM {{}} WHERE state = 'ready' AND (lease_token IS NOT NULL OR run_at <= '{soon}')"
        return self.count(due.format("jumun_outbox_job")) + self.count(due.format("jumun_payments_inboxevent"))

    def unsettled(self) -> int:
        """What may still move: unpaid orders, sessions and refunds that are not at their end."""
        return sum(
            self.count(query)
            for query in (
                "SELECT count(*) FROM jumun_orders_order WHERE state = 'placed'",
                "SELECT count(*) FROM jumun_payments_checkout WHERE state IN ('creating', 'open')",
                "SELECT count(*) FROM jumun_payments_refund WHERE status IN ('creating', 'pending')",
            )
        )

    def mails(self) -> list[str]:
        """The Message-ID of every mail that the mail server accepted, as often as it did."""
        return self.world.mail.message_ids()
