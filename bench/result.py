"""What came out for one row."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.row import LIMIT, OURS, Row

# Between the best and the worst round, as a part of the median: wider than this, a ratio says little.
WIDE = 0.35


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one row, each contestant's in the order of its rounds.

    ``absent`` are those that could not take part and ``failed`` those that broke, each with the reason; `OURS` among
    the latter leaves the row without a figure.
    """

    row: Row
    figures: Mapping[str, list[float]]
    absent: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def medians(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self.figures.items()}

    @property
    def ours(self) -> float | None:
        return self.medians.get(OURS)

    @property
    def rounds(self) -> int:
        """How many ours has had."""
        return len(self.figures.get(OURS, ()))

    @property
    def limit(self) -> float | None:
        return self.medians.get(LIMIT)

    @property
    def peers(self) -> dict[str, float]:
        return {name: value for name, value in self.medians.items() if name not in {OURS, LIMIT}}

    @property
    def ratios(self) -> dict[str, float]:
        """How many times better ours is than each of the others; no failures at all have no ratio."""
        medians = self.medians
        ours = medians.pop(OURS, 0.0)
        return {name: self.row.times_better(ours, value) for name, value in medians.items() if ours > 0 and value > 0}

    @property
    def spread(self) -> float:
        """Between best and worst round, as a part of the median, of the contestant whose rounds differ most."""
        medians = self.medians
        parts = [(max(each) - min(each)) / abs(medians[name]) for name, each in self.figures.items() if medians[name]]
        return max(parts, default=0.0)

    @property
    def is_wide(self) -> bool:
        return self.spread > WIDE

    @property
    def met(self) -> bool:
        """Whether ours is within the bound and every goal is reached; what could not be measured is not."""
        ratios, ours = self.ratios, self.ours
        reached = all(ratios.get(name, 0.0) >= times for name, times in self.row.goals.items())
        return ours is not None and self.row.is_within_bound(ours) and reached

    def fell_below(self, part: float) -> bool:
        """Whether a ratio is less than that part of what a quick run is to reach; those who are absent do not count."""
        return any(self.ratios.get(name, times) < times * part for name, times in self.row.quick_goals.items())
