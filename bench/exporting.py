"""What the benches of both databases' CSV files have in common."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from bench.download import download
from bench.row import OURS, Contestant, Row
from bench.serving import Server, serving

TUTORIAL, STREAMED, IMPORT_EXPORT = "tutorial loop", "values_list().iterator()", "django-import-export"
PATHS = {OURS: "ours", TUTORIAL: "tutorial", STREAMED: "streamed", IMPORT_EXPORT: "import-export"}


def rows_of(database: str, *, goals: Mapping[str, float], quick_goals: Mapping[str, float]) -> tuple[Row, ...]:
    """Speed, time to the first byte and memory of one database's file."""
    name = f"csv-{database.lower()}"
    title = f"CSV of all orders over HTTP, {database}"
    return (
        Row(name=name, title=title, unit="orders/s", better="more", goals=goals, quick_goals=quick_goals),
        Row(name=f"{name}-first-byte", title=f"{title}: first byte", unit="ms", better="less", bound=100),
        Row(name=f"{name}-memory", title=f"{title}: memory above idle", unit="MB", better="less", bound=64),
    )


@contextmanager
def over_http(database: str, url: str, names: Sequence[str]) -> Iterator[list[Contestant]]:
    """Each downloads its file from a server of its own, so that its memory is its own too."""
    with ExitStack() as servers:
        yield [_contestant(f"csv-{database.lower()}", name, servers.enter_context(serving(url))) for name in names]


def _contestant(row: str, name: str, server: Server) -> Contestant:
    server.get("/healthz").read()
    idle_mb = server.memory_of_children_mb()

    def run() -> dict[str, float]:
        got = download(server, f"/bench/{PATHS[name]}.csv", idle_mb=idle_mb)
        return {row: got.rows_per_s, f"{row}-first-byte": got.first_byte_ms, f"{row}-memory": got.memory_mb}

    return Contestant(name, run)


def timed(row: str, orders: int, work: Callable[[], None]) -> dict[str, float]:
    """Orders a second that ``work`` comes to."""
    began = time.perf_counter()
    work()
    return {row: orders / (time.perf_counter() - began)}
