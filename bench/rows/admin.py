"""What a member of staff looks at: pages of the backoffice beside the same of Django's admin as it comes."""

import statistics
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import psycopg

from bench.process import in_django
from bench.row import LIMIT, OURS, Row, Run, bench
from bench.serving import serving
from bench.stage import Stage

STOCK, STOCK_FIRST = "stock admin", "stock admin's first page"
ROOTS = {OURS: "/admin", STOCK: "/stock", STOCK_FIRST: "/stock", LIMIT: "/bench"}
LIST = "/jumun_orders/order/"
FIRST_PAGE = {OURS: LIST, STOCK: LIST, LIMIT: "/orders/"}
# Looks at a page in one round, of which the median counts.
LOOKS = 3


def _row(name: str, page: str, times: float = 8, *, than: str = STOCK) -> Row:
    return Row(f"admin-{name}", f"admin order list: {page}", "ms", goals={than: times})


@bench(
    _row("first-page", "first page (limit: a bare table of fifty orders)"),
    _row("page-5000", "page 5,000"),
    _row("last-page", "last page"),
    _row("search-hit", "search with a hit"),
    _row("search-nothing", "search without a match", 20),
    _row("filter", "filter by state", than=STOCK_FIRST),
    _row("drill-down", "one period (stock: date_hierarchy)", than=STOCK_FIRST),
)
def admin_list(stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    last = (stage.orders + 49) // 50
    hit = f"?q=TEST-INV-2026-{stage.orders // 3:06d}"
    june = f"?placed_at__year={datetime.now(UTC).year - 1}&placed_at__month=6"
    pages = {
        "admin-first-page": FIRST_PAGE,
        "admin-page-5000": _both(f"{LIST}?p={min(5000, last // 2)}"),
        "admin-last-page": _both(f"{LIST}?p={last}"),
        "admin-search-hit": _both(LIST + hit),
        "admin-search-nothing": _both(f"{LIST}?q=nobody-of-that-name"),
        "admin-filter": _both(f"{LIST}?state__exact=cancelled") | {STOCK_FIRST: LIST},
        "admin-drill-down": {OURS: f"{LIST}?placed=last-year", STOCK: LIST + june, STOCK_FIRST: LIST},
    }
    return _looking_at(pages, stage.postgresql(), stack)


@bench(Row("admin-first-page-sqlite", "admin order list on SQLite: first page", "ms", goals={STOCK: 50}))
def admin_list_sqlite(stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    return _looking_at({"admin-first-page-sqlite": FIRST_PAGE}, stage.sqlite(), stack)


@bench(
    Row("order-page", "order page of the backoffice", "ms", goals={STOCK: 2}),
    Row("order-look-up", "looking an order up by its number", "ms", goals={STOCK: 2}),
    Row("overview", "overview of the backoffice", "ms", bound=100),
)
def order_page(stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    url, order = stage.postgresql(), stage.orders // 2
    with psycopg.connect(url) as connection:
        (number,) = connection.execute("SELECT number FROM jumun_orders_order WHERE id = %s", [order]).fetchall()[0]
    pages = {
        "order-page": _both(f"{LIST}{order}/change/"),
        "order-look-up": _both(f"{LIST}?q={number}"),
        "overview": {OURS: "/"},
    }
    return _looking_at(pages, url, stack)


def _both(path: str) -> dict[str, str]:
    return {OURS: path, STOCK: path}


def _looking_at(pages: Mapping[str, Mapping[str, str]], url: str, stack: ExitStack) -> Mapping[str, Run]:
    """For each row the path under each contestant's root; figures are milliseconds."""
    cookie = f"sessionid={in_django('staff', database=url)}"
    server = stack.enter_context(serving(url))

    def look(path: str) -> float:
        took_ms = []
        for _ in range(LOOKS):
            began = time.perf_counter()
            answer = server.get(path, Cookie=cookie)
            body = answer.read()
            took_ms.append((time.perf_counter() - began) * 1000)
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return statistics.median(took_ms)

    def run(name: str) -> Mapping[str, float]:
        paths = {row: ROOTS[name] + path[name] for row, path in pages.items() if name in path}
        # Rows may share a page, which need be looked at only once.
        took_ms = {path: look(path) for path in dict.fromkeys(paths.values())}
        return {row: took_ms[path] for row, path in paths.items()}

    names = [name for name in ROOTS if any(name in path for path in pages.values())]
    return {name: partial(run, name) for name in names}
