"""The file of all orders over HTTP: speed, first byte and memory. The limit is the database's own program with the same
columns as they are stored.
"""

import csv
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path

from bench.process import in_django
from bench.row import LIMIT, OURS, PeerMissing, Row, Run, bench
from bench.serving import Server, serving
from bench.stage import Stage
from tests.postgres import program_folders

TUTORIAL, STREAMED, IMPORT_EXPORT = "tutorial loop", "values_list().iterator()", "django-import-export"
BY_HAND = "sqlite3 and csv by hand"
PATHS = {OURS: "ours", TUTORIAL: "tutorial", STREAMED: "streamed", IMPORT_EXPORT: "import-export"}
# The peers' time grows in proportion to the orders: all of a million would take minutes, and the tutorial loop, which
# keeps them all in memory, asks for more of them in one statement than SQLite bears.
PEER_ORDERS = 200_000
PART_ORDERS = 50_000
PIECE_BYTES = 64 * 1024


def _rows(database: str, *, goals: Mapping[str, float], quick_goals: Mapping[str, float]) -> list[Row]:
    name = f"csv-{database.lower()}"
    title = f"CSV of all orders (peers: {PEER_ORDERS:,} at most) over HTTP, {database}"
    return [
        Row(name, title, "orders/s", goals=goals, quick_goals=quick_goals),
        Row(f"{name}-first-byte", f"{title}: first byte", "ms", bound=100),
        Row(f"{name}-memory", f"{title}: memory above idle", "MB", bound=64),
    ]


@bench(
    *_rows("PostgreSQL", goals={TUTORIAL: 15, LIMIT: 0.75}, quick_goals={TUTORIAL: 5}),
    Row(
        "csv-postgresql-part",
        f"CSV of the first {PART_ORDERS:,} orders over HTTP, PostgreSQL",
        "orders/s",
        goals={IMPORT_EXPORT: 60},
    ),
    in_quick=True,
    budget_s=2_400,
)
def csv_postgresql(stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    url = stage.postgresql()
    download = _downloads("csv-postgresql", url, stack)
    select = in_django("raw_columns", database=url)

    def copy() -> None:
        beside_the_server = (str(folder / "psql") for folder in program_folders())
        if not (psql := next(filter(None, map(shutil.which, ("psql", *beside_the_server))), None)):
            raise PeerMissing("no psql: install postgresql-client")
        subprocess.run([psql, url, "-qc", f"\\copy ({select}) TO '/dev/null' CSV HEADER"], check=True)

    def part(name: str) -> Mapping[str, float]:
        return {"csv-postgresql-part": download(name, PART_ORDERS)["csv-postgresql"]}

    limit = _timed("csv-postgresql", stage.orders, copy)
    if stage.quick:
        return {OURS: lambda: download(OURS), TUTORIAL: lambda: download(TUTORIAL, PEER_ORDERS), LIMIT: limit}
    return {
        OURS: lambda: {**download(OURS), **({} if stage.alone else part(OURS))},
        TUTORIAL: lambda: download(TUTORIAL, PEER_ORDERS),
        STREAMED: lambda: download(STREAMED, PEER_ORDERS),
        IMPORT_EXPORT: lambda: part(IMPORT_EXPORT),
        LIMIT: limit,
    }


@bench(
    *_rows("SQLite", goals={TUTORIAL: 6, LIMIT: 0.5}, quick_goals={TUTORIAL: 3}),
    in_quick=True,
    budget_s=1_800,
)
def csv_sqlite(stage: Stage, stack: ExitStack) -> Mapping[str, Run]:
    url = stage.sqlite()
    download = _downloads("csv-sqlite", url, stack)
    path = url.removeprefix("sqlite:///")
    select = in_django("raw_columns", database=url)

    def program() -> None:
        if not (sqlite := shutil.which("sqlite3")):
            raise PeerMissing("no sqlite3 program")
        subprocess.run([sqlite, "-csv", "-header", path, select], stdout=subprocess.DEVNULL, check=True)

    def by_hand() -> None:
        with closing(sqlite3.connect(path)) as connection, Path("/dev/null").open("w") as nowhere:
            csv.writer(nowhere).writerows(connection.execute(select))

    return {
        OURS: lambda: download(OURS),
        TUTORIAL: lambda: download(TUTORIAL, PEER_ORDERS),
        BY_HAND: _timed("csv-sqlite", stage.orders, by_hand),
        LIMIT: _timed("csv-sqlite", stage.orders, program),
    }


def _downloads(row: str, url: str, stack: ExitStack) -> Callable[..., Mapping[str, float]]:
    """Downloads somebody's file of all or the first so many orders. Each has a server, and so memory, of its own."""

    @cache
    def server_of(name: str) -> tuple[Server, float]:
        server = stack.enter_context(serving(url))
        server.get("/healthz").read()
        return server, server.memory_mb()

    def download(name: str, first: int | None = None) -> Mapping[str, float]:
        server, idle_mb = server_of(name)
        path = f"/bench/{PATHS[name]}.csv" + (f"?first={first}" if first else "")
        server.forget_peaks()
        began = time.perf_counter()
        answer = server.get(path)
        newlines = answer.read(1).count(b"\n")
        first_byte_s = time.perf_counter() - began
        if answer.status == 404:
            raise PeerMissing("not installed: pip install '.[bench]'")
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        while piece := answer.read(PIECE_BYTES):
            newlines += piece.count(b"\n")
        return {
            row: (newlines - 1) / (time.perf_counter() - began),  # one line is the header
            f"{row}-first-byte": first_byte_s * 1000,
            f"{row}-memory": server.memory_mb("VmHWM") - idle_mb,
        }

    return download


def _timed(row: str, orders: int, work: Callable[[], None]) -> Run:
    def run() -> Mapping[str, float]:
        began = time.perf_counter()
        work()
        return {row: orders / (time.perf_counter() - began)}

    return run
