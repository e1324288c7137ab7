"""The same invoices on paper, by us and by what one would take instead.

A painter gets a folder for files of its own and returns what makes a PDF of a document. What can be prepared once, a
font or a template, it prepares.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.make_pdf import make_pdf
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.printed import printed
from jumun.invoices.documents.theme import DEFAULT_THEME, FONTS

Paint = Callable[[Document], bytes]
TEMPLATES = Engine(dirs=[str(Path(__file__).parent)])
PAPER = TEMPLATES.get_template("paper.html")
# The 2,350 syllables of KS X 1001, with ASCII and signs.
HANGUL = "".join(bytes((lead, trail)).decode("euc_kr") for lead in range(0xB0, 0xC9) for trail in range(0xA1, 0xFF))
CHARACTERS = "".join(map(chr, range(0x20, 0x7F))) + "₩•·" + HANGUL
COLUMNS = ("position", "description", "quantity", "unit_price", "amount")


def ours(_folder: Path) -> Paint:
    """PDF/A-3a and PDF/UA-1, tagged."""
    return render


def ours_hybrid(_folder: Path) -> Paint:
    """With the e-invoice made and embedded as Factur-X, metadata included; in a child process, as a store does."""
    return lambda document: make_pdf(document, DEFAULT_THEME).content


def weasyprint(_folder: Path) -> Paint:
    """PDF/A-3b from HTML, with our font."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    style = CSS(string=_style(), font_config=fonts)

    def paint(document: Document) -> bytes:
        html = HTML(string=_html(document))
        pdf: bytes = html.write_pdf(stylesheets=[style], font_config=fonts, pdf_variant="pdf/a-3b")
        return pdf

    return paint


def chromium(folder: Path) -> Paint:
    """The same HTML, printed by one page of a browser that is open already; no PDF/A."""
    from playwright.sync_api import sync_playwright

    from tests.chromium import ARGUMENTS, HOW_TO_GET, find_chromium

    if not (program := find_chromium()):
        raise RuntimeError(f"no Chromium: {HOW_TO_GET}")
    # Open to the end of the process, which is a painter's own.
    page = sync_playwright().start().chromium.launch(executable_path=program, args=ARGUMENTS).new_page()
    file, style = folder / "paper.html", _style()

    def paint(document: Document) -> bytes:
        file.write_text(_html(document, style))
        page.goto(file.as_uri())
        return page.pdf(prefer_css_page_size=True)

    return paint


def canvas(folder: Path) -> Paint:
    """The limit: reportlab's canvas, every string put at its place by hand. Not tagged, no PDF/A, nothing wraps."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("Pretendard", str(_truetype(folder))))
    left, right, top, bottom = 57, 538, 780, 110
    places = dict(zip(COLUMNS, (left + 15, left + 23, 360, 450, right), strict=True))

    def paint(document: Document) -> bytes:
        data, out, y = printed(document), io.BytesIO(), top
        sheet: Any = Canvas(out, pagesize=(595.28, 841.89), invariant=1)
        sheet.setTitle(f"{data['title']} {data['number']}")
        sheet.setFont("Pretendard", 9)
        for text in _head(data):
            sheet.drawString(left, y, text)
            y -= 13
        for line in ({**data["labels"], "sku": ""}, *data["lines"]):
            if y < bottom:
                sheet.drawRightString(right, bottom - 20, line["carried"])
                sheet.showPage()
                sheet.setFont("Pretendard", 9)
                y = top
            for column, x in places.items():
                draw = sheet.drawString if column == "description" else sheet.drawRightString
                draw(x, y, line[column])
            sheet.drawString(places["description"], y - 10, line["sku"])
            sheet.line(left, y - 15, right, y - 15)
            y -= 26
        for label, amount in _foot(data):
            sheet.drawString(320, y, label)
            sheet.drawRightString(right, y, amount)
            y -= 16
        sheet.save()
        return out.getvalue()

    return paint


def _truetype(folder: Path) -> Path:
    """Our font with TrueType outlines, which the canvas needs: the same shapes, of Korean text and ASCII alone."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import TTFont

    path = folder / "PretendardJP-Regular.ttf"
    if path.exists():
        return path
    font: Any = TTFont(FONTS / "PretendardJP-Regular.otf")
    shapes, known, outlines = font.getGlyphSet(), font.getBestCmap(), {}
    names = {ord(character): known[ord(character)] for character in CHARACTERS}
    for name in (".notdef", *names.values()):
        pen = TTGlyphPen(shapes)
        shapes[name].draw(Cu2QuPen(pen, max_err=1, reverse_direction=True))
        outlines[name] = pen.glyph()
    made = FontBuilder(font["head"].unitsPerEm, isTTF=True)
    made.setupGlyphOrder(list(outlines))
    made.setupCharacterMap(names)
    made.setupGlyf(outlines)
    made.setupHorizontalMetrics({name: font["hmtx"][name] for name in outlines})
    made.setupHorizontalHeader(ascent=font["hhea"].ascent, descent=font["hhea"].descent)
    made.setupNameTable({"familyName": "Pretendard", "styleName": "Regular", "psName": "Pretendard-Regular"})
    made.setupOS2()
    made.setupPost(keepGlyphNames=False)
    made.save(path)
    return path


def _style() -> str:
    return TEMPLATES.get_template("paper.css").render(Context({"fonts": FONTS.as_uri()}))


def _html(document: Document, style: str = "") -> str:
    data = printed(document)
    return PAPER.render(Context({**data, "parties": _parties(data), "style": style}))


def _parties(data: dict[str, Any]) -> list[list[str]]:
    parties = (data["seller"], data["buyer"])
    return [[each["name"], *each["address"], each["tax_id"], *each["contact"]] for each in parties]


def _head(data: dict[str, Any]) -> list[str]:
    """What stands above the lines."""
    facts = [f"{fact['label']} {fact['value']}" for fact in data["facts"]]
    return [data["title"], *facts, *(text for party in _parties(data) for text in party if text)]


def _foot(data: dict[str, Any]) -> list[tuple[str, str]]:
    """What stands below them, in two columns."""
    labels, taxes = data["labels"], [" ".join(each.values()) for each in data["taxes"]]
    totals = [(labels["net_total"], data["net"]), (labels["tax"], data["tax"]), (data["total_label"], data["total"])]
    return [*totals, (data["payment"]["sentence"], data["payment"]["reference"]), *((text, "") for text in taxes)]
