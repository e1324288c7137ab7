"""What is measured, by whom, and what is hoped for."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

from bench.stage import Stage

OURS = "ours"
LIMIT = "limit"


class PeerMissing(Exception):
    """A contestant cannot take part on this machine. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure to compare.

    ``goals`` names contestants and how many times better ours has to be (`LIMIT`: the part of the limit that it has to
    reach); ``bound`` is what ours itself must not exceed, or not fall below where ``better`` is "more". ``quick_goals``
    are the ratios that a healthy version reaches with the little data of ``--quick``; without any, that run does not
    judge the row. Where a goal is not met, the row's section in NOTES.md says where the time goes.
    """

    name: str
    title: str
    unit: str
    better: Literal["more", "less"]
    goals: Mapping[str, float] = field(default_factory=dict)
    bound: float | None = None
    quick_goals: Mapping[str, float] = field(default_factory=dict)

    @property
    def goal(self) -> str:
        """All that is hoped for, in words."""
        parts = [
            f">= {times:g} of the limit" if name == LIMIT else f">= {times:g}x {name}"
            for name, times in self.goals.items()
        ]
        if self.bound is not None:
            parts.append(f"{'<=' if self.better == 'less' else '>='} {self.bound:g} {self.unit}")
        return ", ".join(parts)

    def times_better(self, ours: float, theirs: float) -> float:
        """How many times better ours is: 2.0 is twice as good, whichever way the figure runs."""
        better, worse = (ours, theirs) if self.better == "more" else (theirs, ours)
        if better == worse:
            return 1.0
        return better / worse if worse else float("inf")


@dataclass(frozen=True, slots=True)
class Contestant:
    """`OURS`, `LIMIT` or a peer's name, and what runs it once: figures by the names of the rows they belong to.

    ``run`` raises `PeerMissing` where it cannot take part here.
    """

    name: str
    run: Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Rows that are measured together. ``contestants`` sets the stage and clears it away again.

    ``in_quick`` takes part in ``--quick`` as well; it must then be done in a few seconds. ``grows`` says that the
    figures may depend on how many orders there are: ours is then measured with a tenth and a hundredth of them as well.
    No round is begun once the rounds have taken ``budget_s``.
    """

    rows: Sequence[Row]
    contestants: Callable[[Stage], AbstractContextManager[Sequence[Contestant]]]
    in_quick: bool = False
    grows: bool = True
    budget_s: float = 600
