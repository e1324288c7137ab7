"""An invoice on paper, one page and 200 lines, in a warm process."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from bench.row import LIMIT, OURS, Bench, Contestant, PeerMissing, Row
from bench.stage import ROOT, Stage

WEASYPRINT = "WeasyPrint"
ONE = Row(
    name="invoice-pdf",
    title="one-page Korean invoice as PDF/A-3, subset fonts, warm (limit: reportlab's canvas by hand)",
    unit="ms",
    better="less",
    goals={WEASYPRINT: 13, LIMIT: 0.667},
    quick_goals={WEASYPRINT: 4},
)
HYBRID = Row(
    name="invoice-facturx",
    title="the same with the e-invoice made and embedded (Factur-X)",
    unit="ms",
    better="less",
    bound=25,
)
LONG = Row(
    name="invoice-pdf-200",
    title="200-line invoice as PDF/A-3, warm (limit: reportlab's canvas by hand)",
    unit="ms",
    better="less",
    goals={WEASYPRINT: 12},
    quick_goals={WEASYPRINT: 8},
)


@contextmanager
def contestants(stage: Stage) -> Iterator[Sequence[Contestant]]:
    """Each round in a process of its own: what one has drawn before may make the next quicker or slower."""
    short, long = (3, 1) if stage.quick else (10, 3)

    def painted(name: str, lines: int, count: int) -> float:
        command = [sys.executable, "-m", "bench.papers", name, str(lines), str(count), str(stage.folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PeerMissing(done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}")
        return float(done.stdout)

    def both(name: str) -> Callable[[], Mapping[str, float]]:
        return lambda: {ONE.name: painted(name, 1, short), LONG.name: painted(name, 200, long)}

    def ours() -> Mapping[str, float]:
        return {**both("ours")(), HYBRID.name: painted("ours_hybrid", 1, short)}

    judged = [Contestant(OURS, ours), Contestant(WEASYPRINT, both("weasyprint"))]
    others = [
        Contestant("fpdf2", lambda: {ONE.name: painted("fpdf2", 1, short)}),
        Contestant("Chromium", lambda: {ONE.name: painted("chromium", 1, short)}),
        Contestant(LIMIT, both("canvas")),
    ]
    yield judged if stage.quick else judged + others


BENCH = Bench(rows=(ONE, HYBRID, LONG), contestants=contestants, in_quick=True, grows=False)
