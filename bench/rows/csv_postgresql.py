"""The file of all orders, on PostgreSQL; the limit is psql's ``\\copy`` of the same columns as they are stored."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.exporting import (
    IMPORT_EXPORT,
    PRETIX,
    STREAMED,
    TUTORIAL,
    over_http,
    part_of_file,
    rows_of,
    timed,
    whole_file,
)
from bench.row import LIMIT, OURS, Bench, Contestant, PeerMissing, Row
from bench.stage import Stage, run_django
from tests.postgres import program_folders

# Their time grows in proportion to the orders, and all of them would take minutes.
PART_ORDERS = 50_000
PART = Row(
    name="csv-postgresql-part",
    title="CSV of the first 50,000 orders over HTTP, PostgreSQL",
    unit="orders/s",
    better="more",
    goals={IMPORT_EXPORT: 60},
)
FEW_ORDERS = 2_000
FEW = Row(
    name="csv-postgresql-few",
    title="CSV of the first 2,000 orders over HTTP, PostgreSQL",
    unit="orders/s",
    better="more",
)


def psql() -> str:
    """The program, from PATH or beside the server's. Raises `PeerMissing`."""
    beside = (str(folder / "psql") for folder in program_folders() if (folder / "psql").is_file())
    found = shutil.which("psql") or next(beside, None)
    if found is None:
        raise PeerMissing("no psql: install postgresql-client")
    return found


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url = stage.postgresql()
    select = run_django("bench.site.raw_columns", database=url).strip()

    def copy() -> None:
        subprocess.run([psql(), url, "-qc", f"\\copy ({select}) TO '/dev/null' CSV HEADER"], check=True)

    # A quick run has no time for those that say nothing more.
    names = [OURS] if stage.alone else [OURS, TUTORIAL] if stage.quick else [OURS, TUTORIAL, STREAMED, IMPORT_EXPORT]
    with over_http(url, names) as servers:
        found = [
            whole_file("csv-postgresql", name, server) for name, server in servers.items() if name != IMPORT_EXPORT
        ]
        found.append(Contestant(LIMIT, lambda: timed("csv-postgresql", stage.orders, copy)))
        if not (stage.quick or stage.alone):
            found += [
                part_of_file(PART.name, OURS, servers[OURS], first=PART_ORDERS),
                part_of_file(PART.name, IMPORT_EXPORT, servers[IMPORT_EXPORT], first=PART_ORDERS),
                part_of_file(FEW.name, OURS, servers[OURS], first=FEW_ORDERS),
                part_of_file(FEW.name, PRETIX, servers[IMPORT_EXPORT], first=FEW_ORDERS),
            ]
        yield found


BENCH = Bench(
    rows=(*rows_of("PostgreSQL", goals={TUTORIAL: 15, LIMIT: 0.75}, quick_goals={TUTORIAL: 5}), PART, FEW),
    contestants=contestants,
    in_quick=True,
    budget_s=2_400,
)
