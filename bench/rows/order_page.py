"""An order's own page in the backoffice, and looking an order up, beside the stock admin's change page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from bench.browsing import STOCK, staff
from bench.row import OURS, Bench, Contestant, Row
from bench.rows.admin_list import LIST
from bench.stage import Stage

PAGE = Row(name="order-page", title="order page of the backoffice", unit="ms", better="less", goals={STOCK: 2})
LOOK_UP = Row(
    name="order-look-up", title="looking an order up by its number", unit="ms", better="less", goals={STOCK: 2}
)
OVERVIEW = Row(name="overview", title="overview of the backoffice", unit="ms", better="less", bound=100)


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url, order = stage.postgresql(), stage.orders // 2
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT number FROM jumun_orders_order WHERE id = %s", [order]).fetchone()
    if found is None:
        raise RuntimeError(f"no order {order}")
    pages = {
        PAGE.name: dict.fromkeys((OURS, STOCK), f"{LIST}{order}/change/"),
        LOOK_UP.name: dict.fromkeys((OURS, STOCK), f"{LIST}?q={found[0]}"),
        OVERVIEW.name: {OURS: "/"},
    }
    with staff(url, pages) as both:
        yield both


BENCH = Bench(rows=(PAGE, LOOK_UP, OVERVIEW), contestants=contestants)
