"""An order's own page in the backoffice, and looking an order up, beside the stock admin's change page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.browsing import STOCK, staff
from bench.row import OURS, Bench, Contestant, Row
from bench.rows.admin_list import LIST
from bench.stage import Stage

PAGE = Row(name="order-page", title="order page of the backoffice", unit="ms", better="less", goals={STOCK: 2})
OVERVIEW = Row(name="overview", title="overview of the backoffice", unit="ms", better="less", bound=100)


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    page = f"{LIST}{stage.orders // 2}/change/"
    with staff(stage.postgresql(), {PAGE.name: {OURS: page, STOCK: page}, OVERVIEW.name: {OURS: "/"}}) as found:
        yield found


BENCH = Bench(rows=(PAGE, OVERVIEW), contestants=contestants)
