"""Paywright: sessions created, paid, and their webhooks delivered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.paywright import Round, rounds, start_s
from bench.row import OURS, Bench, Contestant, Row
from bench.stage import Stage

SESSIONS = Row(
    name="paywright",
    title="Paywright: sessions created, paid, delivered",
    unit="sessions/s",
    better="more",
    bound=150,
)
MEMORY = Row(
    name="paywright-memory",
    title="Paywright: memory after 1,000 more sessions, compared with before",
    unit="MB more",
    better="less",
    bound=10,
)
START = Row(
    name="paywright-start",
    title="Paywright: from nothing to a server that answers, as the pytest fixture starts it",
    unit="s",
    better="less",
    bound=0.3,
)


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    with rounds() as run:

        def one() -> dict[str, float]:
            done: Round = run()
            return {SESSIONS.name: done.sessions_per_s, MEMORY.name: done.memory_grown_mb, START.name: start_s()}

        one()  # imports, caches and pools are there from now on
        yield [Contestant(OURS, one)]


BENCH = Bench(rows=(SESSIONS, MEMORY, START), contestants=contestants, grows=False)
