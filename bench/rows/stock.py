"""The last pieces of an article, and many who want them; the limit is one statement by hand that does it all."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.row import LIMIT, OURS, Bench, Contestant, Row
from bench.stage import Stage, run_django

NAIVE, FOR_UPDATE, AS_IT_COMES = "read, then write", "SELECT FOR UPDATE", "SQLite as Django comes"
# Only some 200 of them are bought for: a file of a million would take minutes for nothing.
SQLITE_ORDERS = 10_000

OVERSOLD = Row(
    name="stock-oversold",
    title="32 buyers of the last 10 pieces: sold more than there are",
    unit="pieces",
    better="less",
    bound=0,
)
SALES = Row(
    name="stock",
    title="32 buyers of one article",
    unit="sales/s",
    better="more",
    goals={FOR_UPDATE: 1.6},
)
LOCKED = Row(
    name="stock-sqlite",
    title="32 buyers of one article on SQLite: error pages",
    unit="errors",
    better="less",
    bound=0,
)


def _on_postgresql(name: str, how: str, url: str) -> Contestant:
    def run() -> dict[str, float]:
        told = json.loads(run_django("bench.site.buyers", how, database=url))
        return {OVERSOLD.name: told["oversold"], SALES.name: told["sales_per_s"]}

    return Contestant(name, run)


def _on_sqlite(name: str, how: str, url: str) -> Contestant:
    return Contestant(
        name, lambda: {LOCKED.name: json.loads(run_django("bench.site.buyers", how, database=url))["failed"]}
    )


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url, file = stage.postgresql(), stage.sqlite(min(stage.orders, SQLITE_ORDERS))
    yield [
        _on_postgresql(OURS, "ours", url),
        _on_postgresql(NAIVE, "naive", url),
        _on_postgresql(FOR_UPDATE, "for update", url),
        _on_postgresql(LIMIT, "one statement", url),
        _on_sqlite(OURS, "ours", file),
        _on_sqlite(AS_IT_COMES, "as Django comes", file),
    ]


BENCH = Bench(rows=(OVERSOLD, SALES, LOCKED), contestants=contestants, in_quick=True, grows=False)
