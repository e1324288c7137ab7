"""The first page of the order list on SQLite; the limit is as on PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.browsing import STOCK, staff
from bench.row import Bench, Contestant, Row
from bench.rows.admin_list import pages
from bench.stage import Stage

FIRST = Row(
    name="admin-first-page-sqlite",
    title="admin order list on SQLite: first page",
    unit="ms",
    better="less",
    goals={STOCK: 50},
)


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    with staff(stage.sqlite(), {FIRST.name: pages(stage.orders)["admin-first-page"]}) as found:
        yield found


BENCH = Bench(rows=(FIRST,), contestants=contestants)
