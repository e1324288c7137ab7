"""Documents whose PDFs are pinned to the byte; ``python -m tests.invoices.pinned`` pins them anew.

To be done where the lay-out, the fonts or Typst's version are meant to change, and never otherwise: what a customer was
sent must come out the same from the same release on every machine.
"""

import hashlib
import json
from pathlib import Path

from jumun.invoices.documents.facturx import render_hybrid
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.theme import Theme
from tests.invoices.documents import BERLIN, document, line, long_document

PINS = Path(__file__).with_name("pinned.json")
PAPERS = {
    "invoice, ko": lambda: render(document()),
    "invoice, en, Factur-X": lambda: render_hybrid(document(locale="en", seller=BERLIN, currency="EUR")),
    "credit note, US Letter": lambda: render(
        document(line(quantity=-1), kind="credit_note", refers_to="INV-2026-000001", locale="en"),
        theme=Theme(paper="us-letter"),
    ),
    "invoice, en with ko": lambda: render(document(locale="en+ko")),
    "60 lines, Factur-X": lambda: render_hybrid(long_document(60)),
}


def digests() -> dict[str, str]:
    """The SHA-256 of each paper as it is made here and now."""
    return {name: hashlib.sha256(make()).hexdigest() for name, make in PAPERS.items()}


if __name__ == "__main__":
    PINS.write_text(json.dumps(digests(), indent=2) + "\n", encoding="utf-8")
