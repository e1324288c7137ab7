"""An invoice on paper, one page and 200 lines, in a warm process."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack

from bench.process import output_of
from bench.row import LIMIT, OURS, PeerMissing, Row, Run, bench
from bench.stage import Stage

WEASYPRINT = "WeasyPrint"


@bench(
    Row(
        "invoice-pdf",
        "one-page Korean invoice as PDF/A-3, subset fonts, warm (limit: reportlab's canvas by hand)",
        "ms",
        goals={WEASYPRINT: 13, LIMIT: 0.667},
        quick_goals={WEASYPRINT: 4},
    ),
    Row("invoice-facturx", "the same with the e-invoice made and embedded (Factur-X)", "ms", bound=25),
    Row(
        "invoice-pdf-200",
        "200-line invoice as PDF/A-3, warm (limit: reportlab's canvas by hand)",
        "ms",
        goals={WEASYPRINT: 12},
        quick_goals={WEASYPRINT: 8},
    ),
    in_quick=True,
    grows=False,
)
def invoice_pdf(stage: Stage, _stack: ExitStack) -> Mapping[str, Run]:
    """Each figure from a process of its own: what one has drawn before may make the next quicker or slower."""
    short, long = (3, 1) if stage.quick else (10, 3)

    def painted(painter: str, lines: int, count: int) -> float:
        command = [sys.executable, "-m", "bench.papers", painter, str(lines), str(count), str(stage.folder)]
        try:
            return float(output_of(command))
        except RuntimeError as error:
            raise PeerMissing(str(error)) from error

    def both(painter: str) -> Mapping[str, float]:
        return {"invoice-pdf": painted(painter, 1, short), "invoice-pdf-200": painted(painter, 200, long)}

    judged = {
        OURS: lambda: {**both("ours"), "invoice-facturx": painted("ours_hybrid", 1, short)},
        WEASYPRINT: lambda: both("weasyprint"),
    }
    others = {"Chromium": lambda: {"invoice-pdf": painted("chromium", 1, short)}, LIMIT: lambda: both("canvas")}
    return judged if stage.quick else judged | others
