"""WeasyPrint from HTML, as PDF/A-3b, with our font; what it can prepare once, the style sheet and the font, it does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.papers.html import STYLE, html_of
from jumun.invoices.documents.document import Document


def painter(_folder: Path) -> Callable[[Document], bytes]:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    style = CSS(string=STYLE, font_config=fonts)
    return lambda document: paint(document, style, fonts)


def paint(document: Document, style: Any, fonts: Any) -> bytes:
    from weasyprint import HTML

    html = HTML(string=html_of(document))
    pdf: bytes = html.write_pdf(stylesheets=[style], font_config=fonts, pdf_variant="pdf/a-3b")
    return pdf
