"""What a store went through, as a table, and what was wrong with it."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.endurance.sale import Sale
from tests.endurance.troubles import TROUBLES

WORKER_DOWN_MAX_S = 10.0
# Resident, what processes share counted in each: three processes of gunicorn, the worker, the engines of all.
MEMORY_MAX_MB = {"web": 700.0, "worker": 350.0, "engine": 900.0}
# From the second quarter of the time to the last, when everything has long been loaded.
GROWTH_MAX, GROWTH_JUDGED_FROM_MIN = 1.25, 2.0
UNTRUE_SHOWN_MAX = 5


@dataclass(frozen=True)
class Part:
    """A part of a sale, how long it may take, and the trouble that may hold it up for longer."""

    name: str
    attribute: str
    within_s: float
    is_held_up_by: str = ""

    def allowed_s(self, trouble: str) -> float:
        return self.within_s + (TROUBLES[trouble].hangs_s if trouble == self.is_held_up_by else 0)

    def took_s(self, sale: Sale) -> float:
        took_s: float | None = getattr(sale, self.attribute)
        return float("inf") if took_s is None else took_s


MAIL = Part("mail accepted", "mailed_s", 60, "hanging-mail")
PARTS = (
    Part("to the payment page", "page_s", 30, "hanging-stripe"),
    Part("paid", "paid_s", 10),
    Part("shown as paid", "shown_s", 30),
    Part("invoice downloaded", "invoice_s", 45),
    MAIL,
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """``memory_mb`` is a list of looks at each role."""

    name: str
    database: str
    minutes: float
    sales: Sequence[Sale]
    memory_mb: Mapping[str, Sequence[float]]
    worker_deaths: int
    worker_down_s: float
    readyz_judged: int
    readyz_wrong: Sequence[str]
    kills: int
    is_open: bool

    def __str__(self) -> str:
        hard = sum(sale.has_hard_name for sale in self.sales)
        lines = [
            f"{self.name} on {self.database}, {self.minutes:.1f} minutes: {len(self.sales)} customers,"
            f" {hard} of them with hard names",
            f"  {'seconds':<22}{'median':>10}{'99 of 100':>11}{'slowest':>10}{'allowed':>10}",
            *map(self._line, PARTS),
            f"  /readyz: {self.readyz_judged} answers judged, {len(self.readyz_wrong)} of them not true",
            f"  worker: {self.worker_deaths} deaths, up to {self.worker_down_s:.1f} s without one",
            f"  engines ended: {self.kills}",
            f"  memory, MB at most: {', '.join(f'{role} {mb:.0f}' for role, mb in self._peaks_mb().items())}",
            *(f"  WRONG {problem}" for problem in self.wrong),
        ]
        return "\n".join(lines)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return [*self._late(), *self.readyz_wrong[:UNTRUE_SHOWN_MAX], *self._processes(), *self._memory()]

    def _late(self) -> Iterator[str]:
        for part in PARTS:
            allowed_s = part.allowed_s(self.name)
            took_s = [(part.took_s(sale), sale) for sale in self.sales]
            if late := [(seconds, sale) for seconds, sale in took_s if seconds > allowed_s]:
                never = sum(seconds == float("inf") for seconds, _sale in late)
                hard = sum(sale.has_hard_name for _seconds, sale in late)
                yield (
                    f"{part.name}: not within {allowed_s:g} s for {len(late)} of {len(self.sales)} customers,"
                    f" for {never} not at all; {hard} of them have hard names"
                )

    def _processes(self) -> Iterator[str]:
        if not self.is_open:
            yield "the store has stopped"
        if not self.readyz_judged:
            yield "/readyz was never judged"
        if self.worker_down_s > WORKER_DOWN_MAX_S:
            yield f"there was no worker for {self.worker_down_s:.1f} s"
        if self.name == "dying-engine" and not self.kills:
            yield "no process that renders PDFs was found"

    def _memory(self) -> Iterator[str]:
        for role, peak_mb in self._peaks_mb().items():
            if peak_mb > MEMORY_MAX_MB[role]:
                yield f"{role} had {peak_mb:.0f} MB, more than {MEMORY_MAX_MB[role]:.0f}"
        # An engine comes and goes.
        for role in ("web", "worker"):
            looks = self.memory_mb[role]
            if (quarter := len(looks) // 4) and self.minutes >= GROWTH_JUDGED_FROM_MIN:
                early, late = statistics.mean(looks[quarter : 2 * quarter]), statistics.mean(looks[-quarter:])
                if late > early * GROWTH_MAX:
                    yield f"memory of {role} grew from {early:.0f} to {late:.0f} MB"

    def _peaks_mb(self) -> dict[str, float]:
        return {role: max(looks, default=0.0) for role, looks in self.memory_mb.items()}

    def _line(self, part: Part) -> str:
        took = sorted(seconds for sale in self.sales if (seconds := part.took_s(sale)) < float("inf"))
        if not took:
            return f"  {part.name:<22}{'never':>10}"
        p99 = took[min(len(took) - 1, len(took) * 99 // 100)]
        allowed_s = part.allowed_s(self.name)
        return f"  {part.name:<22}{statistics.median(took):>10.2f}{p99:>11.2f}{took[-1]:>10.2f}{allowed_s:>10.0f}"
