"""A cart becomes an order with a session at Stripe, whose own time is not counted, beside django-oscar's placement."""

import json
import statistics
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache

from bench import peers
from bench.process import in_django
from bench.row import OURS, Row, Run, bench
from bench.stage import Stage

OSCAR = "django-oscar"
COUNT = "100"


@bench(
    Row(
        "place-order",
        "an order of 3 articles placed and its session created, Stripe's time excluded (django-oscar: placed)",
        "ms",
        goals={OSCAR: 3},
    ),
    Row(
        "place-order-30-articles",
        "placing an order of 30 articles: statements more than with 3",
        "statements",
        bound=0,
    ),
)
def place_order(stage: Stage, _stack: ExitStack) -> Mapping[str, Run]:
    url = stage.postgresql()

    def ours() -> Mapping[str, float]:
        found = in_django("placing", COUNT, database=url)
        few, many = found["statements"]
        return {"place-order": statistics.median(found["took_ms"]), "place-order-30-articles": many - few}

    @cache
    def oscar_tables() -> str:
        database = stage.empty_postgresql("oscar")
        peers.run("oscar", "place_with_oscar.py", "0", database=database)
        return database

    def oscar() -> Mapping[str, float]:
        took_ms = json.loads(peers.run("oscar", "place_with_oscar.py", COUNT, database=oscar_tables()))
        return {"place-order": statistics.median(took_ms)}

    return {OURS: ours, OSCAR: oscar}
