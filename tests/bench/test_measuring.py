"""How a bench is run: in rounds, within its time, and whoever breaks takes nobody along."""

from collections.abc import Mapping
from types import MappingProxyType

from bench.measure import measure
from bench.row import OURS, Bench, PeerMissing, Row, Run
from bench.stage import Stage

ROW = Row(name="csv", title="CSV", unit="rows/s")


def measured(peers: Mapping[str, Run] = MappingProxyType({}), *, budget_s: float = 60, alone: bool = False):
    def prepare(stage, stack):
        return {OURS: lambda: {"csv": 1.0}, **peers}

    with Stage(orders=10) as stage:
        stage.alone = alone
        (found,) = measure(Bench([ROW], prepare, budget_s=budget_s), stage)
    return found


def test_no_round_is_begun_once_the_time_is_up():
    assert measured().rounds == 5
    assert measured(budget_s=-1).rounds == 1


def test_peers_that_break_or_are_missing_are_named_and_ours_goes_on():
    def breaks():
        raise OSError("no space")

    def is_missing():
        raise PeerMissing("not installed")

    found = measured({"loop": breaks, "dj-stripe": is_missing})

    assert (found.ours, found.rounds) == (1.0, 5)
    assert (found.failed, found.absent) == ({"loop": "OSError: no space"}, {"dj-stripe": "not installed"})


def test_growth_is_measured_without_peers():
    assert measured({"loop": lambda: {"csv": 2.0}}, alone=True).peers == {}
