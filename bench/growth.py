"""Ours with a hundredth and a tenth of the orders, beside ours with all of them."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from bench.measure import measure
from bench.progress import tell
from bench.result import Result
from bench.row import Bench, Row
from bench.stage import Stage

TIMES = 10
PARTS = (100, 10)


@dataclass(frozen=True, slots=True)
class Growth:
    """One row's figures by the number of orders, fewest first; each number is `TIMES` the one before."""

    row: Row
    figures: Mapping[int, float]

    @property
    def factors(self) -> list[float]:
        """How many times worse each is than the one before: 1.0 is flat (of a rate, in proportion to the orders)."""
        values = list(self.figures.values())
        return [self.row.times_better(few, many) for few, many in pairwise(values)]


def measure_growth(
    benches: Mapping[str, Bench], stage: Stage, found: Iterable[Result], *, deadline: float
) -> Iterator[Growth]:
    """Of every bench that ``grows``, ``found`` being what all of the orders came to. None is begun after ``deadline``
    (of `time.monotonic`).
    """
    whole = {result.row.name: result.ours for result in found if result.ours is not None}
    for name, bench in benches.items():
        if not bench.grows or not any(row.name in whole for row in bench.rows):
            continue
        if time.monotonic() > deadline:
            tell(f"{name}: its growth is not measured, for want of time")
            continue
        figures: dict[str, dict[int, float]] = {}
        for part in PARTS:
            fewer = stage.growing(stage.orders // part)
            tell(f"{name}, ours with {fewer.orders:,} orders")
            for result in measure(bench, fewer):
                if result.ours is not None:
                    figures.setdefault(result.row.name, {})[fewer.orders] = result.ours
        for row in bench.rows:
            if row.name in whole and row.name in figures:
                yield Growth(row, {**figures[row.name], stage.orders: whole[row.name]})
