"""``python -m bench.papers NAME LINES COUNT FONT``: the median milliseconds of one invoice, warm, as one number.

``FONT`` is a folder for the font in TrueType outlines, which it makes there for who cannot read ours (see `font.py`).
"""

import importlib
import statistics
import sys
import time
from pathlib import Path

from bench.papers.samples import invoices


def main(name: str, lines: str, count: str, font: str) -> None:
    """All documents differ, and the first is not counted: imports, fonts and caches are there from then on."""
    painter = importlib.import_module(f"bench.papers.{name}").painter(Path(font))
    times_ms = []
    for invoice in invoices(int(lines), int(count) + 1):
        began = time.perf_counter()
        pdf = painter(invoice)
        times_ms.append((time.perf_counter() - began) * 1_000)
        if not pdf.startswith(b"%PDF"):
            raise SystemExit(f"{name} made no PDF")
    print(statistics.median(times_ms[1:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
