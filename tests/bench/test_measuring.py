"""How a bench is run: in rounds, within its time, and whoever breaks takes nobody along."""

from contextlib import contextmanager

from bench.measure import measure
from bench.row import OURS, Bench, Contestant, PeerMissing, Row
from bench.stage import Stage

ROW = Row(name="csv", title="CSV", unit="rows/s", better="more")


def measured(*others: Contestant, budget_s: float = 60, alone: bool = False):
    @contextmanager
    def contestants(stage):
        yield [Contestant(OURS, lambda: {"csv": 1.0}), *others]

    with Stage(orders=10) as stage:
        stage.alone = alone
        (found,) = measure(Bench(rows=[ROW], contestants=contestants, budget_s=budget_s), stage)
    return found


def test_no_round_is_begun_once_the_time_is_up():
    assert measured().rounds == 5
    assert measured(budget_s=-1).rounds == 1


def test_peers_that_break_or_are_missing_are_named_and_ours_goes_on():
    def breaks():
        raise OSError("no space")

    def is_missing():
        raise PeerMissing("not installed")

    found = measured(Contestant("loop", breaks), Contestant("dj-stripe", is_missing))

    assert (found.ours, found.rounds) == (1.0, 5)
    assert (found.failed, found.absent) == ({"loop": "OSError: no space"}, {"dj-stripe": "not installed"})


def test_growth_is_measured_without_peers():
    assert measured(Contestant("loop", lambda: {"csv": 2.0}), alone=True).peers == {}
