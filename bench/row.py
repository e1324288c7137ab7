"""What is measured, by whom, and what is hoped for."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from bench.stage import Stage

OURS = "ours"
LIMIT = "limit"

# Runs a contestant once and returns figures by the names of their rows. Raises `PeerMissing`.
Run = Callable[[], Mapping[str, float]]
# Prepares the contestants, by name; what the stack holds is cleared away after the last round.
Prepare = Callable[[Stage, ExitStack], Mapping[str, Run]]


class PeerMissing(Exception):
    """A contestant cannot take part on this machine. The message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure to compare: a rate ("orders/s"), of which more is better, or anything else, of which less is.

    ``goals`` names contestants and how many times better ours has to be (`LIMIT`: the part of the limit that ours has
    to reach). ``bound`` is the most (of a rate, the least) that ours may be. ``quick_goals`` are the ratios that a
    healthy version reaches with the little data of ``--quick``, which judges no row without them.
    """

    name: str
    title: str
    unit: str
    _: KW_ONLY
    goals: Mapping[str, float] = field(default_factory=dict)
    bound: float | None = None
    quick_goals: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_rate(self) -> bool:
        return self.unit.endswith("/s")

    @property
    def goal(self) -> str:
        """All goals in words."""
        parts = [
            f">= {times:g}{' of the limit' if name == LIMIT else f'x {name}'}" for name, times in self.goals.items()
        ]
        if self.bound is not None:
            parts.append(f"{'>=' if self.is_rate else '<='} {self.bound:g} {self.unit}")
        return ", ".join(parts)

    def is_within_bound(self, ours: float) -> bool:
        return self.bound is None or (ours >= self.bound if self.is_rate else ours <= self.bound)

    def times_better(self, ours: float, theirs: float) -> float:
        """How many times better ours is: 2.0 is twice as good, of a rate and of a time alike."""
        better, worse = (ours, theirs) if self.is_rate else (theirs, ours)
        if better == worse:
            return 1.0
        return better / worse if worse else float("inf")


@dataclass(frozen=True, slots=True)
class Bench:
    """Rows that are measured together.

    ``warm_up`` runs everybody once before the first round that counts: for imports, connections and caches.
    ``in_quick`` takes part in ``--quick``; it must then take a few seconds at most. ``grows`` says that the figures may
    depend on the number of orders: ours is then measured with a tenth and a hundredth of them as well. No round begins
    after ``budget_s``.
    """

    rows: Sequence[Row]
    prepare: Prepare
    _: KW_ONLY
    warm_up: bool = False
    in_quick: bool = False
    grows: bool = True
    budget_s: float = 600


BENCHES: dict[str, Bench] = {}


def bench(*rows: Row, **options: Any) -> Callable[[Prepare], Prepare]:
    """Register the decorated function as a `Bench` of that name, with hyphens for underscores."""

    def register(prepare: Prepare) -> Prepare:
        BENCHES[prepare.__name__.replace("_", "-")] = Bench(rows, prepare, **options)
        return prepare

    return register
