"""How fast Paywright reads among 100,000 objects: ``python -m bench.reading`` tells of each list."""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.paywright import Client
from paywright.testing import Paywright

OBJECTS = 100_000
KINDS = ("charges", "checkout/sessions", "events", "customers", "balance_transactions")
ROUNDS = 120


@dataclass(frozen=True, slots=True)
class Read:
    """Seconds that one list or one object takes, in an all but empty server and among `OBJECTS`."""

    name: str
    empty_s: float
    full_s: float

    @property
    def times(self) -> float:
        return self.full_s / self.empty_s


@contextmanager
def crowded() -> Iterator[Callable[[], list[Read]]]:
    """A server of many objects beside an all but empty one; each call reads from both in turn."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = (Path(folder) / name for name in ("few.sqlite3", "many.sqlite3"))
        for path in (few, many):
            with Paywright(state=path) as server:
                for _ in range(20):
                    Client(server).buy()
        _fill(many)
        with Paywright(state=few) as empty, Paywright(state=many) as full:
            yield lambda: [read for kind in KINDS for read in _compare(kind, Client(empty), Client(full))]


def _fill(path: Path) -> None:
    """Copy the objects of a state file until there are OBJECTS, under new ids."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT id, kind, created, doc FROM object WHERE kind != 'webhook_endpoint'"
        ).fetchall()
        for copy in range(OBJECTS // len(rows)):
            connection.executemany(
                "INSERT INTO object (id, kind, created, doc) VALUES (?, ?, ?, ?)",
                ((f"{i}{copy}", kind, created - copy, doc.replace(i, f"{i}{copy}")) for i, kind, created, doc in rows),
            )
    connection.close()


def _compare(kind: str, empty: Client, full: Client) -> Iterator[Read]:
    newest = [client.ask("GET", f"/v1/{kind}?limit=1")["data"] for client in (empty, full)]
    paths = {"list": [f"/v1/{kind}"] * 2}
    if all(newest):
        paths["retrieve"] = [f"/v1/{kind}/{found[0]['id']}" for found in newest]
    for name, (few, many) in paths.items():
        took: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            took[0].append(_timed(empty, few))
            took[1].append(_timed(full, many))
        # The quicker ones: what other work on the machine adds is no matter of how many objects there are.
        yield Read(f"{name} {kind}", *(statistics.quantiles(times, n=4)[0] for times in took))


def _timed(client: Client, path: str) -> float:
    began = time.perf_counter()
    client.ask("GET", path)
    return time.perf_counter() - began


def main() -> None:
    """Print what the row of the bench has no room for."""
    with crowded() as run:
        for read in run():
            print(
                f"{read.name}: {read.empty_s * 1000:.2f} ms, among many {read.full_s * 1000:.2f} ms ({read.times:.2f}x)"
            )


if __name__ == "__main__":
    main()
