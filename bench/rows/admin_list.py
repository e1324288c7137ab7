"""The order list of the backoffice beside the stock admin's, on PostgreSQL; the limit is a bare table of orders."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from bench.browsing import STOCK, STOCK_FIRST, staff
from bench.row import LIMIT, OURS, Bench, Contestant, Row
from bench.stage import Stage

LIST = "/jumun_orders/order/"


def _row(name: str, what: str, times: float = 8, *, than: str = STOCK) -> Row:
    title = f"admin order list: {what}"
    return Row(name=f"admin-{name}", title=title, unit="ms", better="less", goals={than: times})


def pages(orders: int) -> dict[str, dict[str, str]]:
    """What is looked at, by row and contestant."""
    last = (orders + 49) // 50
    hit = f"?q=TEST-INV-2026-{orders // 3:06d}"
    year, month = datetime.now(UTC).year - 1, 6
    drill_down = f"?placed_at__year={year}&placed_at__month={month}"
    return {
        "admin-first-page": {OURS: LIST, STOCK: LIST, LIMIT: "/orders/"},
        "admin-page-5000": dict.fromkeys((OURS, STOCK), f"{LIST}?p={min(5000, last // 2)}"),
        "admin-last-page": dict.fromkeys((OURS, STOCK), f"{LIST}?p={last}"),
        "admin-search-hit": dict.fromkeys((OURS, STOCK), LIST + hit),
        "admin-search-nothing": dict.fromkeys((OURS, STOCK), f"{LIST}?q=nobody-of-that-name"),
        "admin-filter": dict.fromkeys((OURS, STOCK), f"{LIST}?state__exact=cancelled") | {STOCK_FIRST: LIST},
        "admin-drill-down": {OURS: f"{LIST}?placed=last-year", STOCK: LIST + drill_down, STOCK_FIRST: LIST},
    }


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    with staff(stage.postgresql(), pages(stage.orders)) as found:
        yield found


BENCH = Bench(
    rows=(
        _row("first-page", "first page (limit: a bare table of fifty orders)"),
        _row("page-5000", "page 5,000"),
        _row("last-page", "last page"),
        _row("search-hit", "search with a hit"),
        _row("search-nothing", "search without a match", 20),
        _row("filter", "filter by state", than=STOCK_FIRST),
        _row("drill-down", "one period (stock: date_hierarchy)", than=STOCK_FIRST),
    ),
    contestants=contestants,
)
