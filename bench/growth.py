"""Ours with a tenth of the orders, beside ours with all of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bench.measure import measure
from bench.progress import tell
from bench.result import Result
from bench.row import Bench, Row
from bench.stage import Stage

TIMES = 10


@dataclass(frozen=True, slots=True)
class Growth:
    """One row's figure with few and with `TIMES` as many orders."""

    row: Row
    few: float
    many: float

    @property
    def factor(self) -> float:
        """How many times worse it is with many: 1.0 is flat (of a rate, in proportion), 10 is in proportion."""
        return self.row.times_better(self.few, self.many)


def measure_growth(benches: Mapping[str, Bench], stage: Stage, found: Iterable[Result]) -> Iterator[Growth]:
    """Of every bench that ``grows``, ``found`` being what the whole of the orders came to."""
    many = {result.row.name: result.ours for result in found}
    few = stage.holding(stage.orders // TIMES)
    for name, bench in benches.items():
        if bench.grows and any(many.get(row.name) is not None for row in bench.rows):
            tell(f"{name}, ours with {few.orders:,} orders")
            for result in measure(bench, few, alone=True):
                at_end = many.get(result.row.name)
                if result.ours is not None and at_end is not None:
                    yield Growth(result.row, result.ours, at_end)
