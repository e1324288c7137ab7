"""One run from its plan to its verdict."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.books import Books
from tests.chaos.plan import Plan
from tests.chaos.play import Play
from tests.chaos.quiesce import NeverQuiet, quiesce
from tests.chaos.truth import Truth
from tests.chaos.verdict import verdict
from tests.chaos.world import World


@dataclass
class Report:
    """What a run was, and what was wrong with it."""

    plan: Plan
    database: str
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"  {name}: {value}" for name, value in self.figures.items()]
        lines += [f"  WRONG {problem}" for problem in self.wrong]
        replay = f"./test --chaos 0 --seed {self.plan.seed} --orders {self.plan.orders} --database {self.database}"
        replay += "" if self.plan.webhooks else " --no-webhooks"
        replay += " --several" * self.plan.several + " --celery" * self.plan.celery
        lines.append(f"  again: {replay}" if self.wrong else "  the books agree")
        return "\n".join(lines)


def run(plan: Plan, folder: Path, *, database: str, say: Callable[[str], None] = lambda _line: None) -> Report:
    """Carry a plan out and compare the books."""
    began = time.monotonic()
    report = Report(plan, database)
    with World(plan, folder, database=database) as world:
        books = Books(world)
        ready = time.monotonic()
        seen = Play(world, say).run()
        played = time.monotonic()
        try:
            repaired = quiesce(world, books)["differences"]
        except NeverQuiet as error:
            report.wrong.append(str(error))
            repaired = []
        report.wrong += verdict(world, books, seen)
        report.figures = _figures(world, books) | {
            "repaired by the last reconciliation": sum(difference["repaired"] for difference in repaired),
            "buyers and staff": dict(seen.outcomes),
            "failures seen": dict(seen.failures),
            "seconds to start": round(ready - began),
            "seconds under faults": round(played - ready),
            "seconds after": round(time.monotonic() - played),
        }
    return report


def _figures(world: World, books: Books) -> dict[str, object]:
    truth = Truth.read(world.paywright_state)
    return {
        "orders": dict(books.rows("SELECT state, count(*) FROM jumun_orders_order GROUP BY state")),
        "payments": len(truth.payments),
        "refunds": len(truth.refunds),
        "disputes": dict(Counter(status for _intent, _amount, status in truth.disputes.values())),
        "balance transactions": len(truth.movements),
        "payouts": len(truth.payouts),
        "set aside": dict(
            books.rows("SELECT reason, count(*) FROM jumun_payments_quarantinedsnapshot GROUP BY reason")
        ),
        "mails": len(books.mails()),
        "deliveries": truth.deliveries,
        "events acknowledged": len(truth.acknowledged),
        "kills": dict(Counter(world.kills)),
    }
