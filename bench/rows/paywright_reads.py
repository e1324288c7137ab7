"""Paywright: lists and reads among many objects."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.reading import crowded
from bench.row import OURS, Bench, Contestant, Row
from bench.stage import Stage

READS = Row(
    name="paywright-reads",
    title="Paywright: the slowest list or read among 100,000 objects, compared with an empty server",
    unit="times",
    better="less",
    bound=2,
)


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    with crowded() as run:

        def one() -> dict[str, float]:
            return {READS.name: max(read.times for read in run())}

        one()  # imports and caches are there from now on
        yield [Contestant(OURS, one)]


BENCH = Bench(rows=(READS,), contestants=contestants, in_quick=True, grows=False)
