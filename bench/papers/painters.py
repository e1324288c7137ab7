"""The same invoices on paper, by us and by what one would take instead.

A painter gets a folder for files of its own and returns what makes a PDF of a document. What can be prepared once, a
font or a template, it prepares.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from bench.papers.font import truetype
from jumun.invoices.document import Document
from jumun.invoices.make_pdf import make_pdf
from jumun.invoices.pdf import render
from jumun.invoices.printed import printed
from jumun.invoices.theme import DEFAULT_THEME, FONTS

Paint = Callable[[Document], bytes]
TEMPLATES = Engine(dirs=[Path(__file__).parent])
PAPER = TEMPLATES.get_template("paper.html")
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


def fpdf2(folder: Path) -> Paint:
    """fpdf2 with its table, as its manual shows it. Not tagged, no PDF/A."""
    from fpdf import FPDF
    from fpdf.fonts import FontFace

    font = str(truetype(folder))

    def paint(document: Document) -> bytes:
        data = printed(document)
        pdf: Any = FPDF(format="A4")
        pdf.add_font("Pretendard", fname=font)
        pdf.add_page()
        pdf.set_font("Pretendard", size=9)
        pdf.set_title(f"{data['title']} {data['number']}")
        for text in _head(data):
            pdf.cell(text=text, new_x="LMARGIN", new_y="NEXT")
        with pdf.table(col_widths=(10, 70, 15, 25, 30), headings_style=FontFace()) as table:
            table.row([data["labels"][column] for column in COLUMNS])
            for line in data["lines"]:
                table.row([f"{line[name]}\n{line['sku']}" if name == "description" else line[name] for name in COLUMNS])
        for texts in _foot(data):
            pdf.cell(text=" ".join(texts), new_x="LMARGIN", new_y="NEXT")
        return bytes(pdf.output())

    return paint


def canvas(folder: Path) -> Paint:
    """The limit: reportlab's canvas, every string put at its place by hand. Not tagged, no PDF/A, nothing wraps."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("Pretendard", str(truetype(folder))))
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
