"""Runs the contestants in turn, so that whatever else the machine does affects all of them alike."""

import time
from collections.abc import Mapping
from contextlib import ExitStack

from bench.progress import tell
from bench.result import Result
from bench.row import OURS, Bench, PeerMissing, Run
from bench.stage import Stage


def measure(bench: Bench, stage: Stage) -> list[Result]:
    """All rows of one bench, with peers unless ours is alone on the stage. Raises nothing that a bench raises.

    A peer that is missing or breaks is left out and named in the result.
    """
    rounds = _Rounds()
    try:
        with ExitStack() as stack:
            contestants = bench.prepare(stage, stack)
            if stage.alone:
                contestants = {OURS: contestants[OURS]}
            if bench.warm_up:
                rounds.run_all(contestants, counted=False)
            rounds.repeat(contestants, stage.rounds, budget_s=bench.budget_s)
    except Exception as error:  # noqa: BLE001 (a bench that breaks must not end the others)
        rounds.failed[OURS] = _one_line(error)
        tell(f"failed: {_one_line(error)}")
    return [
        Result(row, rounds.figures.get(row.name, {}), rounds.absent, rounds.failed)
        for row in bench.rows
        if OURS in rounds.failed or OURS in rounds.figures.get(row.name, {})
    ]


class _Rounds:
    """What has been found so far: figures by row and contestant, and who is out for which reason."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[str, list[float]]] = {}
        self.absent: dict[str, str] = {}
        self.failed: dict[str, str] = {}

    def repeat(self, contestants: Mapping[str, Run], count: int, *, budget_s: float) -> None:
        """Run ``count`` rounds, or as many as begin in time: one at least."""
        end = time.monotonic() + budget_s
        for number in range(1, count + 1):
            if (began := time.monotonic()) > end and number > 1:
                tell(f"  no more rounds: {budget_s:.0f} s are over")
                return
            self.run_all(contestants)
            tell(f"  round {number} of {count}: {time.monotonic() - began:.1f} s")

    def run_all(self, contestants: Mapping[str, Run], *, counted: bool = True) -> None:
        """Run each contestant once. Raises what ours raises."""
        for name, run in contestants.items():
            if name in self.absent or name in self.failed:
                continue
            try:
                found = run()
            except Exception as error:
                if name == OURS:
                    raise
                if isinstance(error, PeerMissing):
                    self.absent[name] = str(error)
                else:
                    self.failed[name] = _one_line(error)
                tell(f"  {name} takes no part: {error}")
            else:
                for row, value in found.items() if counted else ():
                    self.figures.setdefault(row, {}).setdefault(name, []).append(value)


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0][:300]
