"""Runs the contestants in turn, so that whatever else the machine does hits all of them alike."""

import time
from collections.abc import Sequence

from bench.progress import tell
from bench.result import Result
from bench.row import OURS, Bench, Contestant, PeerMissing
from bench.stage import Stage


def measure(bench: Bench, stage: Stage) -> list[Result]:
    """All rows of one bench, beside the others or, as the stage says, alone. Never raises for what a bench does wrong.

    A peer that cannot take part, or breaks, is left out and named in the result.
    """
    rounds = _Rounds()
    try:
        with bench.contestants(stage) as contestants:
            taking_part = [each for each in contestants if each.name == OURS or not stage.alone]
            rounds.run(taking_part, stage.rounds, budget_s=bench.budget_s)
    except Exception as error:  # noqa: BLE001 (a bench that breaks must not take the others with it)
        rounds.failed[OURS] = _told(error)
        tell(f"failed: {_told(error)}")
    return [
        Result(row, rounds.figures.get(row.name, {}), rounds.absent, rounds.failed)
        for row in bench.rows
        if OURS in rounds.failed or OURS in rounds.figures.get(row.name, {})
    ]


class _Rounds:
    """What has been found so far: figures by row and contestant, and who is out."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[str, list[float]]] = {}
        self.absent: dict[str, str] = {}
        self.failed: dict[str, str] = {}

    def run(self, contestants: Sequence[Contestant], count: int, *, budget_s: float) -> None:
        """Everybody ``count`` times, one after the other in each round, or as often as the time allows: once at least.

        Raises what ours raises.
        """
        end = time.monotonic() + budget_s
        for number in range(1, count + 1):
            if (began := time.monotonic()) > end and number > 1:
                tell(f"  no more rounds: they have taken their {budget_s:.0f} s")
                return
            for contestant in contestants:
                if contestant.name not in {*self.absent, *self.failed}:
                    self._run(contestant)
            tell(f"  round {number} of {count}: {time.monotonic() - began:.1f} s")

    def _run(self, contestant: Contestant) -> None:
        try:
            found = contestant.run()
        except PeerMissing as missing:
            self.absent[contestant.name] = str(missing)
            tell(f"  {contestant.name} takes no part: {missing}")
        except Exception as error:
            if contestant.name == OURS:
                raise
            self.failed[contestant.name] = _told(error)
            tell(f"  {contestant.name} failed: {_told(error)}")
        else:
            for row, value in found.items():
                self.figures.setdefault(row, {}).setdefault(contestant.name, []).append(value)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0][:300]
