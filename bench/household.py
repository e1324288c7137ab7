"""The whole store as `./run` starts it, on SQLite with Paywright, and customers who buy in it page by page."""

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.serving import cpu_s
from shop.run.configuration import configure, free_ports
from shop.run.database import prepare
from shop.run.store import Store
from shop.tour.browser import Browser
from shop.tour.journey import Journey

STORE, PAYWRIGHT = ("web", "worker"), ("paywright",)
DRAIN_S = 300
SETTLE_S = 3.0
DUE = "SELECT count(*) FROM {table} WHERE state NOT IN ('done', 'parked', 'ignored') AND run_at <= ?"


@dataclass(frozen=True, slots=True)
class Household:
    store: Store
    journey: Journey
    database: Path

    def buy(self) -> None:
        """From the catalogue to the paid order's page and its invoice as PDF."""
        journey = self.journey
        for step in (
            *(journey.browse, journey.add_to_cart, journey.place_order, journey.go_to_payment_page),
            *(journey.pay, journey.come_back, journey.order_paid, journey.save_invoice),
        ):
            step()

    def finish(self) -> None:
        """Return when the worker has nothing left that is due: mails are out, papers archived."""
        give_up = time.monotonic() + DRAIN_S
        while self._due() and time.monotonic() < give_up:
            time.sleep(0.1)

    def cpu_s(self, names: Sequence[str]) -> float:
        """Seconds of CPU that those processes have used, with their children."""
        return sum(cpu_s(pid) for pid in self._pids(names))

    def memory_mb(self, names: Sequence[str]) -> float:
        """Memory of those processes, a page that several share counted once (PSS)."""
        return sum(_proportional_kb(pid) for pid in self._pids(names)) / 1024

    def _due(self) -> int:
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            counts = [
                connection.execute(DUE.format(table=table), [now]).fetchone()[0]
                for table in ("jumun_outbox_job", "jumun_payments_inboxevent")
            ]
        return sum(counts)

    def _pids(self, names: Sequence[str]) -> Iterator[int]:
        for name in names:
            yield from _with_children(self.store.pids[name])


@contextmanager
def household() -> Iterator[Household]:
    """A fresh store with its demonstration goods."""
    port, paywright_port = free_ports(2)
    given = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="jumun-bench-store-") as folder:
        data = Path(folder)
        configuration = configure(
            data=data, port=port, paywright_port=paywright_port, given={**given, "JUMUN_ENV_FILE": os.devnull}
        )
        prepare(configuration)
        with Store(configuration) as store, Browser("ko") as customer:
            journey = Journey(configuration=configuration, folder=data, customer=customer, clerk=customer)
            yield Household(store, journey, data / "jumun.sqlite3")


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _with_children(int(child))


def _proportional_kb(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found.group(1)) if found else 0
