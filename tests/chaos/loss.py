"""A backup is taken, everything is lost, and the backup is restored. Notes what others still have of what is gone."""

import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.chaos.books import Books
from tests.chaos.paper import documents
from tests.chaos.people import GivesUp, Lost, Seen, Visitor, patiently
from tests.chaos.quiesce import SINCE
from tests.chaos.steps import LoseEverything
from tests.chaos.truth import Truth
from tests.chaos.world import World

BACKUP = "backup.tar"
# So many customers download their invoices just before: the newest, whose mails have not gone out yet.
DOWNLOADS = 5
ADDRESS = "198.19.0.2"
# Stripe fails now and then: an operator tries again.
TRIES_MAX = 8
ALONE_WITHIN_S = 30.0
NUMBER = re.compile(r"([A-Z-]+-\d{4}-\d+)")


def back_up(world: World, seen: Seen) -> None:
    """While buyers buy."""
    done = manage(world, "backup", str(world.folder / BACKUP))
    if done.returncode:
        seen.find(f"no backup was taken: {done.stderr[-500:]}")
    seen.outcome("backups taken")


def lose_everything(world: World, seen: Seen, step: LoseEverything) -> None:
    """The store's processes die, its database is lost, and perhaps its documents; then it is restored and goes on."""
    if not (world.folder / BACKUP).exists():
        return
    books = Books(world)
    downloaded = _download(world, seen, books)
    seen.lost = Lost()
    with world.closed():
        before = _Before.of(world, books)
        _lose(world, archive_survives=step.archive_survives)
        done = manage(world, "restore", str(world.folder / BACKUP), *["--replace"] * step.archive_survives)
        if done.returncode:
            raise RuntimeError(f"the backup was not restored: {done.stderr[-3000:]}")
        seen.lost = before.lost(books, downloaded)
    seen.outcome(f"restored with {'' if step.archive_survives else 'no '}archive left")
    seen.outcome("orders lost", len(seen.lost.orders))
    seen.outcome(
        "numbers that customers hold of documents that are gone", len(seen.lost.held.keys() - documents(books))
    )
    _reconcile(world, seen)


def manage(world: World, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A management command, as an operator runs it."""
    command = [sys.executable, "-m", "django", *arguments]
    environment = dict(world.configuration.environment)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _reconcile(world: World, seen: Seen) -> None:
    for _try in range(TRIES_MAX):
        done = manage(world, "reconcile", "--repair", "--since", SINCE)
        if "Traceback" in done.stderr:
            seen.find(f"reconcile --repair after the restore: {done.stderr[-1000:]}")
        # 1 says that the books differed.
        if done.returncode in {0, 1} and done.stdout:
            seen.outcome("reconciled after the restore")
            return
        time.sleep(1)
    seen.outcome("not reconciled after the restore")


@dataclass
class _Before:
    """What there was just before."""

    orders: set[str] = field(default_factory=set)
    documents: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    mails: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, world: World, books: Books) -> "_Before":
        return cls(
            orders=books.column("SELECT reference FROM jumun_orders_order"),
            documents=documents(books),
            acknowledged=Truth.read(world.paywright_state).acknowledged,
            mails=books.mails(),
        )

    def lost(self, books: Books, downloaded: set[str]) -> Lost:
        """Compared with what the backup brought back."""
        mailed = {found[1] for mail in self.mails if (found := NUMBER.match(mail.strip("<>")))}
        return Lost(
            orders=self.orders - books.column("SELECT reference FROM jumun_orders_order"),
            events=self.acknowledged - books.column("SELECT event_id FROM jumun_payments_inboxevent"),
            held={number: self.documents[number] for number in mailed | downloaded if number in self.documents},
            mails=self.mails,
        )


def _download(world: World, seen: Seen, books: Books) -> set[str]:
    """The numbers of the invoices that customers have just downloaded."""
    newest = books.rows(
        "SELECT o.reference FROM jumun_invoices_invoice i JOIN jumun_orders_order o ON o.id = i.order_id"
        f" ORDER BY i.id DESC LIMIT {DOWNLOADS}"
    )
    numbers = set()
    with Visitor("en-US,en", ADDRESS) as browser:
        for (reference,) in newest:
            address = f"{world.store_url}/orders/{reference}/invoice.pdf"
            try:
                answer = patiently(seen, lambda address=address: browser.open(address))  # type: ignore[misc]
            except GivesUp:
                continue
            if found := NUMBER.search(answer.headers.get("content-disposition", "")):
                numbers.add(found[1])
    return numbers


def _lose(world: World, *, archive_survives: bool) -> None:
    if not archive_survives:
        shutil.rmtree(world.folder / "documents", ignore_errors=True)
    if world.database:
        with psycopg.connect(world.database.url, autocommit=True) as connection:
            _wait_until_alone(connection)
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return
    for path in Path(world.folder).glob("jumun.sqlite3*"):
        path.unlink()


def _wait_until_alone(connection: "psycopg.Connection[tuple[int]]") -> None:
    """What the dead processes asked for last may still be under way."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    give_up = time.monotonic() + ALONE_WITHIN_S
    while (row := connection.execute(others).fetchone()) and row[0] and time.monotonic() < give_up:
        time.sleep(0.2)
