"""``python -m bench.papers PAINTER LINES COUNT FOLDER``: the median milliseconds of one invoice, warm, as one number.

Every painter is a function of `painters`; ``FOLDER`` is for files of theirs.
"""

import random
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

from bench.papers import painters
from jumun.invoices.documents.document import Document
from tests.invoices.documents import BUYER, document, line

SYLLABLES = "가나다라마바사아자차카타파하한지노트연필잉크종이책상의자컵커피봉투우표도장붓먹벼루서울부산"


def main(painter: str, lines: str, count: str, folder: str) -> None:
    """All documents differ, and the first is not counted: imports, fonts and caches are there from then on."""
    paint = getattr(painters, painter)(Path(folder))
    times_ms = []
    for number in range(int(count) + 1):
        invoice = _invoice(number, int(lines))
        began = time.perf_counter()
        pdf = paint(invoice)
        times_ms.append((time.perf_counter() - began) * 1_000)
        if not pdf.startswith(b"%PDF"):
            raise SystemExit(f"{painter} made no PDF")
    print(statistics.median(times_ms[1:]))


def _invoice(number: int, count: int) -> Document:
    """In Korean and won, the same for the same number."""
    chance = random.Random(number)  # noqa: S311 (nothing secret)

    def word(length: int) -> str:
        return "".join(chance.choices(SYLLABLES, k=length))

    lines = [
        line(  # type: ignore[no-untyped-call]
            position,
            f"{word(4)} {word(3)} A{chance.randint(1, 999)}",
            sku=f"SKU-{chance.randint(1, 99_999):05d}",
            quantity=chance.randint(1, 9),
            unit_price_minor=chance.randint(10, 9_999) * 100,
        )
        for position in range(1, count + 1)
    ]
    buyer = replace(BUYER, name=word(3), address_lines=(f"{word(4)}로 {number}",))
    found: Document = document(*lines, number=f"INV-2026-{number:06d}", buyer=buyer)  # type: ignore[no-untyped-call]
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
