"""What the benches of both databases' CSV files have in common."""

import time
from collections.abc import Callable, Mapping
from functools import partial

from bench.download import download
from bench.row import OURS, Contestant, Row
from bench.serving import serving

TUTORIAL, STREAMED, IMPORT_EXPORT = "tutorial loop", "values_list().iterator()", "django-import-export"
PATHS = {TUTORIAL: "tutorial", STREAMED: "streamed", IMPORT_EXPORT: "import-export"}


def rows_of(database: str, *, goals: Mapping[str, float], explanation: str) -> tuple[Row, ...]:
    """Speed, time to the first byte and memory of one database's file."""
    name = f"csv-{database.lower()}"
    title = f"CSV of all orders over HTTP, {database}"
    return (
        Row(name=name, title=title, unit="orders/s", better="more", goals=goals, explanation=explanation),
        Row(name=f"{name}-first-byte", title=f"{title}: first byte", unit="ms", better="less", bound=100),
        Row(name=f"{name}-memory", title=f"{title}: memory above idle", unit="MB", better="less", bound=64),
    )


def over_http(database: str, name: str, url: str) -> Contestant:
    """``name`` downloads its file from a server that has done nothing else yet."""

    def run() -> dict[str, float]:
        with serving(url) as server:
            server.get("/healthz").read()
            got = download(server, f"/bench/{PATHS.get(name, OURS)}.csv")
        row = f"csv-{database.lower()}"
        return {row: got.rows_per_s, f"{row}-first-byte": got.first_byte_ms, f"{row}-memory": got.memory_mb}

    return Contestant(name, run)


def timed(row: str, orders: int, work: Callable[[], None]) -> dict[str, float]:
    """Orders a second that ``work`` comes to."""
    began = time.perf_counter()
    work()
    return {row: orders / (time.perf_counter() - began)}


def contestants_over_http(database: str, url: str) -> list[Contestant]:
    contestant = partial(over_http, database, url=url)
    return [contestant(name) for name in (OURS, *PATHS)]
