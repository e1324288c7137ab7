"""A cart becomes an order with a session at Stripe, whose own time is not counted, beside django-oscar's placement."""

import json
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bench import peers
from bench.row import OURS, Bench, Contestant, Row
from bench.stage import Stage, run_django

OSCAR = "django-oscar"
COUNT = 100

PLACE = Row(
    name="place-order",
    title="an order of 3 articles placed and its session created, Stripe's time excluded (django-oscar: placed)",
    unit="ms",
    better="less",
    goals={OSCAR: 3},
)
STATEMENTS = Row(name="place-order-statements", title="placing an order: statements", unit="statements", better="less")
GROWN = Row(
    name="place-order-30-articles",
    title="placing an order of 30 articles: statements more than with 3",
    unit="statements",
    better="less",
    bound=0,
)


@contextmanager
def _oscar(stage: Stage) -> Iterator[peers.Run]:
    url = stage.empty_postgresql("oscar")
    peers.run("oscar", "place_with_oscar.py", "0", database=url)

    def run() -> dict[str, float]:
        told = json.loads(peers.run("oscar", "place_with_oscar.py", str(COUNT), database=url))
        return {PLACE.name: statistics.median(told["took_ms"]), STATEMENTS.name: told["statements"]}

    yield run


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url = stage.postgresql()

    def ours() -> dict[str, float]:
        told = json.loads(run_django("bench.site.placing", str(COUNT), database=url))
        few, many = told["statements"]
        return {PLACE.name: statistics.median(told["took_ms"]), STATEMENTS.name: few, GROWN.name: many - few}

    with ExitStack() as stack:
        yield [
            Contestant(OURS, ours),
            Contestant(OSCAR, peers.when_first_run(stack, lambda: _oscar(stage))),
        ]


BENCH = Bench(rows=(PLACE, STATEMENTS, GROWN), contestants=contestants)
