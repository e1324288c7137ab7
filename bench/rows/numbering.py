"""Numbers without a gap, 16 writers at once; the limit is a plain sequence, which leaves gaps."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from bench.process import in_django
from bench.row import LIMIT, OURS, Row, Run, bench
from bench.stage import Stage

HIGHEST = "MAX() + 1, ten tries"


@bench(
    Row("numbering", "gap-free numbers, 16 writers", "numbers/s", goals={HIGHEST: 5, LIMIT: 0.25}),
    Row("numbering-failures", "gap-free numbers: failures", "failures", bound=0),
    Row("numbering-bulk", "gap-free numbers, 50 in a transaction, 16 writers", "numbers/s", goals={LIMIT: 4}),
)
def numbering(stage: Stage, _stack: ExitStack) -> Mapping[str, Run]:
    url = stage.postgresql()

    def written(how: str) -> Any:
        return in_django("writers", how, database=url)

    def ours() -> Mapping[str, float]:
        single, bulk = written("ours"), written("bulk")
        return {
            "numbering": single["per_s"],
            "numbering-bulk": bulk["per_s"],
            "numbering-failures": single["failed"] + bulk["failed"],
        }

    def highest() -> Mapping[str, float]:
        found = written("highest")
        return {"numbering": found["per_s"], "numbering-failures": found["failed"]}

    def sequence() -> Mapping[str, float]:
        return dict.fromkeys(("numbering", "numbering-bulk"), written("sequence")["per_s"])

    return {OURS: ours, HIGHEST: highest, LIMIT: sequence}
