"""Numbers without a gap, 16 writers at once; the limit is a plain sequence, which leaves gaps."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.row import LIMIT, OURS, Bench, Contestant, Row
from bench.stage import Stage, run_django

HIGHEST = "MAX() + 1, ten tries"
ORDERS = 2_000

SINGLE = Row(
    name="numbering",
    title="gap-free numbers, 16 writers",
    unit="numbers/s",
    better="more",
    goals={HIGHEST: 5, LIMIT: 0.25},
    explanation=(
        "The counter's row is locked for three round trips: the counter itself (one statement), the document that bears"
        " the number, and COMMIT with its fsync. On a machine with nothing to spare each of them waits for a processor,"
        " while the sequence's writers wait side by side. Tried: one upsert with RETURNING in place of UPDATE and SELECT."
    ),
)
FAILED = Row(name="numbering-failures", title="gap-free numbers: failures", unit="failures", better="less", bound=0)
BULK = Row(
    name="numbering-bulk",
    title="gap-free numbers, 50 in a transaction, 16 writers",
    unit="numbers/s",
    better="more",
    goals={LIMIT: 4},
    explanation=(
        "The database itself lets the counter move by one at a time only, so that no mistake can leave a gap: fifty"
        " numbers are fifty statements. A counter that may jump would need one, and would need to be trusted."
    ),
)


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    url = stage.postgresql(ORDERS)

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


BENCH = Bench(rows=(SINGLE, FAILED, BULK), contestants=contestants, in_quick=True)
