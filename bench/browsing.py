"""A member of staff who looks at pages of the admin, ours and the stock one."""

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.row import LIMIT, OURS, Contestant
from bench.serving import Server, serving
from bench.stage import run_django

STOCK = "stock admin"
# What every page of the list is to be quicker than, beside the same page of the stock admin's.
STOCK_FIRST = "stock admin's first page"
ROOTS = {OURS: "/admin", STOCK: "/stock", STOCK_FIRST: "/stock", LIMIT: "/bench"}
# Looks at a page in one round, of which the median counts.
LOOKS = 3


@contextmanager
def staff(url: str, pages: Mapping[str, Mapping[str, str]]) -> Iterator[list[Contestant]]:
    """For each row's name in ``pages`` the path under the admin's root, by contestant; figures in milliseconds."""
    key = run_django("bench.site.staff", database=url).strip()
    with serving(url) as server:

        def contestant(name: str) -> Contestant:
            paths = {row: paths[name] for row, paths in pages.items() if name in paths}

            def looks() -> dict[str, float]:
                # Rows may share a page, which need be looked at only once.
                took = {path: _look(server, ROOTS[name] + path, key) for path in dict.fromkeys(paths.values())}
                return {row: took[path] for row, path in paths.items()}

            return Contestant(name, looks)

        yield [contestant(name) for name in ROOTS if any(name in paths for paths in pages.values())]


def _look(server: Server, path: str, session_key: str) -> float:
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        answer = server.get(path, Cookie=f"sessionid={session_key}")
        body = answer.read()
        took.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
    return statistics.median(took)
