"""Every kind of paper keeps the rules of PDF/A-3a and PDF/UA-1; and the rules do find what breaks them."""

import io

import pikepdf
import pytest
from PIL import Image

from jumun.invoices.documents.facturx import render_hybrid
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.theme import Theme
from tests.invoices.documents import BERLIN, CANCELLATION, CREDIT_NOTE, document, line, long_document
from tests.invoices.pdfa import violations

pytestmark = pytest.mark.no_database

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20"/></svg>'
LETTER = Theme(paper="us-letter")
SEVERAL_RATES = (line(1, sku="A", discount_minor=100), line(2, rate_ppm=0, tax_category="E"))


@pytest.mark.parametrize("theme", [Theme(), LETTER], ids=["a4", "letter"])
@pytest.mark.parametrize("locale", ["ko", "en", "en+ko"])
@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ((line(),), {}),
        (SEVERAL_RATES, {"notes": ("1",)}),
        ((line(quantity=-1),), CREDIT_NOTE),
        ((line(),), CANCELLATION),
    ],
    ids=["invoice", "several rates", "credit note", "cancellation"],
)
def test_every_paper_keeps_the_rules(lines, kind, locale, theme):
    issued = document(*lines, locale=locale, **kind)
    assert violations(render(issued, theme=theme)) == []
    assert violations(render_hybrid(issued, theme=theme)) == []


@pytest.mark.parametrize("locale", ["ko", "en"])
def test_so_does_one_of_many_pages(locale):
    assert violations(render_hybrid(long_document(200, locale=locale, seller=BERLIN, currency="EUR"))) == []


def test_so_does_one_with_a_logo():
    png = io.BytesIO()
    Image.new("RGBA", (60, 20), (11, 107, 74, 128)).save(png, "PNG")
    jpeg = io.BytesIO()
    Image.new("RGB", (60, 20), (11, 107, 74)).save(jpeg, "JPEG")
    for logo in (SVG, png.getvalue(), jpeg.getvalue()):
        assert violations(render_hybrid(document(), theme=Theme(logo=logo))) == []


def drop(*names):
    def change(pdf):
        for name in names:
            del pdf.Root[name]

    return change


def drop_from_fonts(name):
    def change(pdf):
        for each in pdf.objects:
            if isinstance(each, pikepdf.Dictionary) and name in each:
                del each[name]

    return change


def launch(pdf):
    pdf.Root.OpenAction = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="1"))


def hide_the_link(pdf):
    pdf.pages[0].Annots[0].F = 2


def another_conformance(pdf):
    text = pdf.Root.Metadata.read_bytes().replace(b"conformance>A<", b"conformance>B<")
    pdf.Root.Metadata.write(text)


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (drop("/OutputIntents"), "6.2.3"),
        (drop("/MarkInfo"), "6.7.2"),
        (drop("/Lang"), "6.7.4"),
        (drop("/AF"), "6.8"),
        (drop("/Metadata"), "6.6.2"),
        (drop_from_fonts("/ToUnicode"), "6.2.11.7.2"),
        (drop_from_fonts("/FontFile3"), "6.2.11.4.1"),
        (drop_from_fonts("/AFRelationship"), "6.8"),
        (drop_from_fonts("/Alt"), "UA 7.3"),
        (launch, "6.5.1"),
        (hide_the_link, "6.3.2"),
        (another_conformance, "6.6.4"),
    ],
)
def test_what_breaks_a_rule_is_found(change, clause, hybrid):
    with pikepdf.open(io.BytesIO(hybrid)) as pdf:
        change(pdf)
        broken = io.BytesIO()
        pdf.save(broken)
    assert any(found.startswith(clause) for found in violations(broken.getvalue()))


@pytest.fixture(scope="module")
def hybrid():
    return render_hybrid(document())
