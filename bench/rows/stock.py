"""The last pieces of an article, and many who want them; the limit is one statement by hand that does it all."""

from collections.abc import Mapping
from contextlib import ExitStack

from bench.process import in_django
from bench.row import LIMIT, OURS, Row, Run, bench
from bench.stage import Stage

NAIVE, FOR_UPDATE, AS_IT_COMES = "read, then write", "SELECT FOR UPDATE", "SQLite as Django comes"
# Only some 200 of them are bought for: a file of a million would take minutes for nothing.
SQLITE_ORDERS = 10_000


@bench(
    Row("stock-oversold", "32 buyers of the last 10 pieces: sold more than there are", "pieces", bound=0),
    Row("stock", "32 buyers of one article", "sales/s", goals={FOR_UPDATE: 1.6}),
    Row("stock-sqlite", "32 buyers of one article on SQLite: error pages", "errors", bound=0),
    in_quick=True,
    grows=False,
)
def stock(stage: Stage, _stack: ExitStack) -> Mapping[str, Run]:
    url, file = stage.postgresql(), stage.sqlite(min(stage.orders, SQLITE_ORDERS))

    def bought(how: str) -> Mapping[str, float]:
        found = in_django("buyers", how, database=url)
        return {"stock-oversold": found["oversold"], "stock": found["sales_per_s"]}

    def bought_on_sqlite(*how: str) -> Mapping[str, float]:
        return {"stock-sqlite": in_django("buyers", *how, database=file)["failed"]}

    return {
        OURS: lambda: {**bought("ours"), **bought_on_sqlite("ours")},
        NAIVE: lambda: bought("naive"),
        FOR_UPDATE: lambda: bought("for_update"),
        LIMIT: lambda: bought("one_statement"),
        AS_IT_COMES: lambda: bought_on_sqlite("for_update", "Django's options"),
    }
