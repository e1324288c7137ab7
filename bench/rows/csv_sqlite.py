"""The file of all orders, on SQLite; the limit is its own command line program with the same columns as stored."""

import csv
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from bench.exporting import TUTORIAL, over_http, rows_of, timed, whole_file
from bench.row import LIMIT, OURS, Bench, Contestant, PeerMissing
from bench.stage import Stage, run_django

BY_HAND = "sqlite3 and csv by hand"


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url = stage.sqlite()
    path = url.removeprefix("sqlite:///")
    select = run_django("bench.site.raw_columns", database=url).strip()

    def program() -> None:
        if not (found := shutil.which("sqlite3")):
            raise PeerMissing("no sqlite3 program")
        subprocess.run([found, "-csv", "-header", path, select], stdout=subprocess.DEVNULL, check=True)

    def by_hand() -> None:
        with closing(sqlite3.connect(path)) as connection, Path("/dev/null").open("w") as nowhere:
            csv.writer(nowhere).writerows(connection.execute(select))

    with over_http(url, [OURS] if stage.alone else [OURS, TUTORIAL]) as servers:
        yield [
            *(whole_file("csv-sqlite", name, server) for name, server in servers.items()),
            Contestant(BY_HAND, lambda: timed("csv-sqlite", stage.orders, by_hand)),
            Contestant(LIMIT, lambda: timed("csv-sqlite", stage.orders, program)),
        ]


BENCH = Bench(
    rows=rows_of("SQLite", goals={TUTORIAL: 6, LIMIT: 0.5}, quick_goals={TUTORIAL: 3}),
    contestants=contestants,
    in_quick=True,
    budget_s=1_800,
)
