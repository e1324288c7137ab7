"""The limit: reportlab's canvas, every string put at its place by hand. Not tagged, no PDF/A, nothing wraps."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.papers.font import truetype
from jumun.invoices.documents.document import Document
from jumun.invoices.documents.printed import printed

LEFT, RIGHT, TOP, BOTTOM = 57.0, 538.0, 780.0, 110.0
COLUMNS = (("quantity", 360.0), ("unit_price", 450.0), ("amount", RIGHT))
ROW = 26.0


def painter(folder: Path) -> Callable[[Document], bytes]:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("Pretendard", str(truetype(folder))))
    return paint


def paint(document: Document) -> bytes:
    """One PDF with all that ours says."""
    from reportlab.pdfgen.canvas import Canvas

    data, out = printed(document), io.BytesIO()
    canvas: Any = Canvas(out, pagesize=(595.28, 841.89), invariant=1)
    canvas.setTitle(f"{data['title']} {data['number']}")
    canvas.setFont("Pretendard", 9)
    y = _lines(canvas, data, _head(canvas, data))
    _foot(canvas, data, y)
    canvas.save()
    return out.getvalue()


def _head(canvas: Any, data: dict[str, Any]) -> float:
    canvas.drawString(LEFT, TOP, data["seller"]["name"])
    canvas.drawRightString(RIGHT, TOP, data["title"])
    for column, fact in enumerate(data["facts"]):
        canvas.drawString(LEFT + column * 120, TOP - 40, fact["label"])
        canvas.drawString(LEFT + column * 120, TOP - 54, fact["value"])
    lowest = TOP
    for x, party in ((LEFT, data["seller"]), (320.0, data["buyer"])):
        for row, text in enumerate((party["name"], *party["address"], party["tax_id"], *party["contact"])):
            lowest = min(lowest, TOP - 90 - row * 13)
            canvas.drawString(x, TOP - 90 - row * 13, text)
    return lowest - 40


def _lines(canvas: Any, data: dict[str, Any], y: float) -> float:
    y = _table_head(canvas, data, y)
    for line in data["lines"]:
        if y < BOTTOM:
            canvas.drawRightString(RIGHT, BOTTOM - 20, line["carried"])
            canvas.showPage()
            canvas.setFont("Pretendard", 9)
            y = _table_head(canvas, data, TOP)
        canvas.drawString(LEFT, y, line["position"])
        canvas.drawString(LEFT + 23, y, line["description"])
        canvas.drawString(LEFT + 23, y - 10, line["sku"])
        for field, x in COLUMNS:
            canvas.drawRightString(x, y, line[field])
        canvas.line(LEFT, y - 15, RIGHT, y - 15)
        y -= ROW
    return y


def _table_head(canvas: Any, data: dict[str, Any], y: float) -> float:
    canvas.drawString(LEFT + 23, y, data["labels"]["description"])
    for field, x in COLUMNS:
        canvas.drawRightString(x, y, data["labels"][field])
    canvas.line(LEFT, y - 8, RIGHT, y - 8)
    return y - ROW


def _foot(canvas: Any, data: dict[str, Any], y: float) -> None:
    labels = data["labels"]
    for label, amount in ((labels["net_total"], "net"), (labels["tax"], "tax"), (data["total_label"], "total")):
        canvas.drawString(320, y, label)
        canvas.drawRightString(RIGHT, y, data[amount])
        y -= 16
    for column, text in enumerate(data["taxes"][0].values()):
        canvas.drawString(LEFT + column * 60, y + 32, text)
    canvas.drawString(LEFT, y - 20, data["payment"]["sentence"])
    canvas.drawString(LEFT, y - 34, data["payment"]["reference"])
