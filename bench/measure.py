"""Runs the contestants in turn, so that whatever else the machine does hits all of them alike."""

import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.row import LIMIT, OURS, Bench, Contestant, PeerMissing, Row
from bench.stage import Stage

# Between the best and the worst round, as a part of the median: wider than this, a ratio says little.
WIDE = 0.35


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one row, each contestant's in the order of its rounds."""

    row: Row
    figures: dict[str, list[float]]

    @property
    def medians(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self.figures.items()}

    @property
    def peers(self) -> dict[str, float]:
        return {name: value for name, value in self.medians.items() if name not in {OURS, LIMIT}}

    @property
    def ratios(self) -> dict[str, float]:
        """How many times better ours is than each of the others."""
        medians = self.medians
        return {name: self.row.times_better(medians[OURS], value) for name, value in medians.items() if name != OURS}

    @property
    def spread(self) -> dict[str, float]:
        return {
            name: (max(values) - min(values)) / median if (median := statistics.median(values)) else 0.0
            for name, values in self.figures.items()
        }

    @property
    def is_wide(self) -> bool:
        return any(spread > WIDE for spread in self.spread.values())

    @property
    def met(self) -> bool:
        return self._within_bound() and self.reaches(1.0)

    def reaches(self, part: float) -> bool:
        """Whether every ratio is at least that part of its goal; one that could not be measured is not."""
        return all(self.ratios.get(name, 0.0) >= times * part for name, times in self.row.goals.items())

    def _within_bound(self) -> bool:
        bound, ours = self.row.bound, self.medians[OURS]
        return bound is None or (ours <= bound if self.row.better == "less" else ours >= bound)


def measure(bench: Bench, stage: Stage) -> list[Result]:
    """All rows of one bench. What cannot take part is named on the standard error output and left out."""
    figures: dict[str, dict[str, list[float]]] = {row.name: {} for row in bench.rows}
    with bench.contestants(stage) as contestants:
        for contestant, found in _rounds(contestants, stage.rounds):
            for name, value in found.items():
                figures[name].setdefault(contestant, []).append(value)
    return [Result(row, figures[row.name]) for row in bench.rows if OURS in figures[row.name]]


def _rounds(contestants: Sequence[Contestant], count: int) -> Iterator[tuple[str, Mapping[str, float]]]:
    present = list(contestants)
    for _round in range(count):
        for contestant in list(present):
            try:
                yield contestant.name, contestant.run()
            except PeerMissing as missing:
                print(f"{contestant.name} takes no part: {missing}", file=sys.stderr)
                present.remove(contestant)
