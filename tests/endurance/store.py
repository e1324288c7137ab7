"""A store as `./run` starts it, with a mail server of its own, and what can be seen of it from outside."""

import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg

from shop.run.configuration import HOST
from tests.chaos.books import Books
from tests.chaos.mail import Post, post
from tests.postgres import Server, running_server
from tests.tooling.running import Running

PLENTY = 1_000_000
LOOK_EVERY_S = 0.2
STOP_TIMEOUT_S = 30
PAID = "SELECT reference FROM jumun_orders_order WHERE state = 'paid'"


class Store:
    """Its processes, and when each order was seen to be paid and each customer's mail to be accepted.

    Moments are seconds of `time.monotonic`.
    """

    def __init__(self, folder: Path, mail: Post, database: Server | None) -> None:
        """Start it and return when it is open."""
        self.folder = folder
        self.mail = mail
        self.database = database
        self.kills: list[str] = []
        self.clock_changes = 0
        self.books = Books(self)
        self.paid: dict[str, float] = {}
        self.mailed: dict[str, float] = {}
        given = mail.environment | ({"DATABASE_URL": database.url} if database else {})
        self.shop = Running(folder, log=folder / "shop.log", **given)
        self.shop.wait_until_said("/admin/")
        self._fill_shelves()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="watch", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.shop.port}"

    @property
    def paywright_url(self) -> str:
        return f"http://{HOST}:{self.shop.paywright_port}"

    @property
    def is_open(self) -> bool:
        """Whether `./run` still runs."""
        return self.shop.process.poll() is None

    def set_faults(self, *faults: dict[str, Any]) -> None:
        """What goes wrong at Paywright from now on."""
        address = f"{self.paywright_url}/_paywright/faults"
        httpx.put(address, json={"faults": faults}, timeout=30, trust_env=False).raise_for_status()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._stop.set()
        self._thread.join()
        self.shop.process.send_signal(signal.SIGINT)
        try:
            self.shop.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.shop.process.kill()
            self.shop.process.wait()

    def _look_on(self) -> None:
        seen = 0
        while not self._stop.wait(LOOK_EVERY_S):
            with suppress(psycopg.OperationalError, sqlite3.OperationalError):
                paid = self.books.column(PAID)
                self.paid |= dict.fromkeys(paid - self.paid.keys(), time.monotonic())
            accepted = list(self.mail.accepted)
            for mail in accepted[seen:]:
                self.mailed.setdefault(str(mail["To"]), time.monotonic())
            seen = len(accepted)

    def _fill_shelves(self) -> None:
        """Nobody finds anything sold out."""
        query = f"UPDATE jumun_storefront_product SET stock_quantity = {PLENTY}"
        if self.database:
            with psycopg.connect(self.database.url) as connection:
                connection.execute(query.encode())
        else:
            with closing(sqlite3.connect(self.folder / "jumun.sqlite3", timeout=30)) as file, file:
                file.execute(query)


@contextmanager
def store(folder: Path, *, database: str) -> Iterator[Store]:
    """An open store on sqlite or postgresql, for the length of a ``with`` block."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        server = stack.enter_context(running_server()) if database == "postgresql" else None
        mail = stack.enter_context(post(seed=0, busy=0))
        opened = Store(folder, mail, server)
        stack.callback(opened.stop)
        yield opened
