"""fpdf2 with its table, as its manual shows it. Not tagged, no PDF/A."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.papers.font import truetype
from jumun.invoices.documents.document import Document
from jumun.invoices.documents.printed import printed


def painter(folder: Path) -> Callable[[Document], bytes]:
    font = truetype(folder)
    return lambda document: paint(document, font)


def paint(document: Document, font: Path) -> bytes:
    """One PDF with all that ours says."""
    from fpdf import FPDF
    from fpdf.fonts import FontFace

    data = printed(document)
    pdf: Any = FPDF(format="A4")
    pdf.add_font("Pretendard", fname=str(font))
    pdf.add_page()
    pdf.set_font("Pretendard", size=9)
    pdf.set_title(f"{data['title']} {data['number']}")
    pdf.cell(text=data["title"], new_x="LMARGIN", new_y="NEXT")
    for fact in data["facts"]:
        pdf.cell(text=f"{fact['label']} {fact['value']}", new_x="LMARGIN", new_y="NEXT")
    for party in (data["seller"], data["buyer"]):
        for text in filter(None, (party["name"], *party["address"], party["tax_id"], *party["contact"])):
            pdf.cell(text=text, new_x="LMARGIN", new_y="NEXT")
    labels = data["labels"]
    with pdf.table(col_widths=(10, 70, 15, 25, 30), first_row_as_headings=True, headings_style=FontFace()) as table:
        table.row([labels[name] for name in ("position", "description", "quantity", "unit_price", "amount")])
        for line in data["lines"]:
            name = f"{line['description']}\n{line['sku']}"
            table.row([line["position"], name, line["quantity"], line["unit_price"], line["amount"]])
    for label, amount in ((labels["net_total"], "net"), (labels["tax"], "tax"), (data["total_label"], "total")):
        pdf.cell(text=f"{label} {data[amount]}", new_x="LMARGIN", new_y="NEXT")
    pdf.cell(text=f"{data['payment']['sentence']} {data['payment']['reference']}")
    return bytes(pdf.output())
