"""The text of a PDF, as a program reads it."""

import io
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, TextStringObject


def pdf_text(pdf: bytes) -> str:
    """The text of all pages."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return "\n".join(page.extract_text(visitor_operand_before=_ActualText()) for page in pages)


class _ActualText:
    """Has pypdf read what a span of glyphs says it stands for (ISO 32000-1, 14.9.4), which pypdf leaves out by itself.

    Thai, Khmer or Devanagari need it: there a glyph often has no text of its own.
    """

    def __init__(self) -> None:
        self._spans: list[str | None] = []

    def __call__(self, operator: bytes, operands: Any, _cm: object, _tm: object) -> None:
        if operator in {b"BDC", b"BMC"}:
            properties = operands[-1] if operator == b"BDC" else {}
            self._spans.append(properties.get("/ActualText") if isinstance(properties, dict) else None)
        elif operator == b"EMC" and self._spans:
            self._spans.pop()
        elif operator in {b"Tj", b"TJ"} and self._spans and self._spans[-1] is not None:
            shown = TextStringObject(self._spans[-1])
            operands[:] = [shown if operator == b"Tj" else ArrayObject([shown])]
            # Once, however many pieces the span is drawn in.
            self._spans[-1] = ""
