"""What the benches of both databases' CSV files have in common."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from bench.download import download
from bench.row import OURS, Contestant, Row
from bench.serving import Server, serving

TUTORIAL, STREAMED, IMPORT_EXPORT = "tutorial loop", "values_list().iterator()", "django-import-export"
PRETIX = "pretix's loop, re-created"
# Their time grows in proportion to the orders: all of a million would take minutes, and the tutorial loop, which keeps
# them all in memory, asks for more of them in one statement than SQLite bears.
PEER_ORDERS = 200_000
PATHS = {OURS: "ours", TUTORIAL: "tutorial", STREAMED: "streamed", IMPORT_EXPORT: "import-export", PRETIX: "pretix"}


def rows_of(database: str, *, goals: Mapping[str, float], quick_goals: Mapping[str, float]) -> tuple[Row, ...]:
    """Speed, time to the first byte and memory of one database's file."""
    name = f"csv-{database.lower()}"
    title = f"CSV of all orders (peers: {PEER_ORDERS:,} at most) over HTTP, {database}"
    return (
        Row(name=name, title=title, unit="orders/s", better="more", goals=goals, quick_goals=quick_goals),
        Row(name=f"{name}-first-byte", title=f"{title}: first byte", unit="ms", better="less", bound=100),
        Row(name=f"{name}-memory", title=f"{title}: memory above idle", unit="MB", better="less", bound=64),
    )


@contextmanager
def over_http(url: str, names: Sequence[str]) -> Iterator[dict[str, Server]]:
    """Each has a server of its own, so that its memory is its own too."""
    with ExitStack() as servers:
        yield {name: servers.enter_context(serving(url)) for name in names}


def whole_file(row: str, name: str, server: Server) -> Contestant:
    """Downloads all orders, or a peer's part of them: the three rows of `rows_of`."""
    server.get("/healthz").read()
    idle_mb = server.memory_of_children_mb()
    path = f"/bench/{PATHS[name]}.csv" + ("" if name == OURS else f"?first={PEER_ORDERS}")

    def run() -> dict[str, float]:
        got = download(server, path, idle_mb=idle_mb)
        return {row: got.rows_per_s, f"{row}-first-byte": got.first_byte_ms, f"{row}-memory": got.memory_mb}

    return Contestant(name, run)


def part_of_file(row: str, name: str, server: Server, *, first: int) -> Contestant:
    """Downloads the ``first`` so many orders, for the sake of peers that would take minutes for all of them."""
    return Contestant(
        name, lambda: {row: download(server, f"/bench/{PATHS[name]}.csv?first={first}", idle_mb=0).rows_per_s}
    )


def timed(row: str, orders: int, work: Callable[[], None]) -> dict[str, float]:
    """Orders a second that ``work`` comes to."""
    began = time.perf_counter()
    work()
    return {row: orders / (time.perf_counter() - began)}
