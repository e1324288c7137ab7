"""Numbers without a gap, 16 writers at once; the limit is a plain sequence, which leaves gaps."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.row import LIMIT, OURS, Bench, Contestant, Row
from bench.stage import Stage, run_django

HIGHEST = "MAX() + 1, ten tries"

SINGLE = Row(
    name="numbering",
    title="gap-free numbers, 16 writers",
    unit="numbers/s",
    better="more",
    goals={HIGHEST: 5, LIMIT: 0.25},
)
FAILED = Row(name="numbering-failures", title="gap-free numbers: failures", unit="failures", better="less", bound=0)
BULK = Row(
    name="numbering-bulk",
    title="gap-free numbers, 50 in a transaction, 16 writers",
    unit="numbers/s",
    better="more",
    goals={LIMIT: 4},
)


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url = stage.postgresql()

    def told(how: str) -> dict[str, float]:
        answer: dict[str, float] = json.loads(run_django("bench.site.writers", how, database=url))
        return answer

    def ours() -> dict[str, float]:
        single, bulk = told("ours"), told("bulk")
        return {
            SINGLE.name: single["per_s"],
            BULK.name: bulk["per_s"],
            FAILED.name: single["failed"] + bulk["failed"],
        }

    def highest() -> dict[str, float]:
        answer = told("highest")
        return {SINGLE.name: answer["per_s"], FAILED.name: answer["failed"]}

    def sequence() -> dict[str, float]:
        per_s = told("sequence")["per_s"]
        return {SINGLE.name: per_s, BULK.name: per_s}

    yield [Contestant(OURS, ours), Contestant(HIGHEST, highest), Contestant(LIMIT, sequence)]


BENCH = Bench(rows=(SINGLE, FAILED, BULK), contestants=contestants)
