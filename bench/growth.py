"""Ours with a hundredth and a tenth of the orders, beside ours with all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.measure import measure
from bench.progress import tell
from bench.result import Result
from bench.row import Bench, Row
from bench.stage import Stage

PARTS = (100, 10)


@dataclass(frozen=True, slots=True)
class Growth:
    """One row's figures by the number of orders, fewest first."""

    row: Row
    figures: Mapping[int, float]

    @property
    def factors(self) -> list[float]:
        """How many times worse each is than the one before: 1.0 is flat (of a rate, in proportion to the orders)."""
        return [self.row.times_better(few, many) for few, many in pairwise(self.figures.values())]


def measure_growth(bench: Bench, stage: Stage, whole: Sequence[Result]) -> Iterator[Growth]:
    """Of each row, where ``whole`` is what the bench found with all orders."""
    figures: dict[str, dict[int, float]] = {result.row.name: {} for result in whole}
    for part in PARTS:
        with stage.ours_alone(stage.orders // part):
            tell(f"  ours with {stage.orders:,} orders")
            for result in measure(bench, stage):
                if result.ours is not None:
                    figures[result.row.name][stage.orders] = result.ours
    for result in whole:
        if result.ours is not None and figures[result.row.name]:
            yield Growth(result.row, {**figures[result.row.name], stage.orders: result.ours})
