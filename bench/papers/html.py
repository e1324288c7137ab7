"""The paper as a page of HTML, for those that make a PDF of one; with all that ours says, in our font."""

from html import escape
from typing import Any

from jumun.invoices.documents.document import Document
from jumun.invoices.documents.printed import printed
from jumun.invoices.documents.theme import FONTS

STYLE = f"""
@font-face {{ font-family: P; src: url("{(FONTS / "PretendardJP-Regular.otf").as_uri()}") }}
@font-face {{ font-family: P; font-weight: 600; src: url("{(FONTS / "PretendardJP-SemiBold.otf").as_uri()}") }}
@page {{ size: A4; margin: 24mm 20mm 36mm }}
@page {{ @bottom-right {{ content: counter(page) " / " counter(pages); font: 7.5pt P }} }}
body {{ font: 9pt P; color: #16181d }}
h1 {{ font-size: 24pt; font-weight: 600; text-align: right }}
table {{ width: 100%; border-collapse: collapse }}
td, th {{ padding: 5.5pt 0; border-bottom: 0.5pt solid #d9dce2; text-align: right; font-weight: normal }}
tr {{ break-inside: avoid }}
.name {{ text-align: left }}
small {{ font-size: 7.5pt; color: #5c6370; display: block }}
.qr svg {{ width: 17mm }}
"""


def html_of(document: Document) -> str:
    """The page, without its style sheet."""
    data = printed(document)
    labels = data["labels"]
    facts = "".join(f"<p><small>{escape(fact['label'])}</small>{escape(fact['value'])}</p>" for fact in data["facts"])
    parties = "".join(_party(data[name]) for name in ("seller", "buyer"))
    rows = "".join(_row(line) for line in data["lines"])
    head = "".join(f"<th>{labels[name]}</th>" for name in ("quantity", "unit_price", "amount"))
    taxes = "".join(f"<tr>{''.join(f'<td>{text}</td>' for text in tax.values())}</tr>" for tax in data["taxes"])
    totals = f"<p>{data['net']}</p><p>{data['tax']}</p><h2>{data['total']}</h2>"
    payment = f"<p>{escape(data['payment']['sentence'])} {data['payment']['reference']}</p>"
    return (
        f"<html lang=ko><title>{data['number']}</title><h1>{data['title']}</h1>{facts}{parties}"
        f"<table><thead><tr><th class=name>{labels['description']}</th>{head}</tr></thead>{rows}</table>"
        f"<table>{taxes}</table>{totals}{payment}<div class=qr>{data['order_qr']}</div></html>"
    )


def _party(party: dict[str, Any]) -> str:
    texts = (party["name"], *party["address"], party["tax_id"], *party["contact"])
    return f"<p>{'<br>'.join(escape(text) for text in texts)}</p>"


def _row(line: dict[str, str]) -> str:
    name = f"{line['position']} {escape(line['description'])}<small>{line['sku']}</small>"
    return f"<tr><td class=name>{name}<td>{line['quantity']}<td>{line['unit_price']}<td>{line['amount']}"
