"""A document that the site's layout cannot hold is set in a plain one; a theme that is broken is an error for staff."""

import dataclasses
import io
from pathlib import Path

import facturx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from jumun.invoices.documents import make_pdf as module
from jumun.invoices.documents.document import Document, as_typed
from jumun.invoices.documents.einvoice import einvoice
from jumun.invoices.documents.make_pdf import Layout, make_pdf, render_as, spelled_out
from jumun.invoices.documents.render_errors import EngineDied, RenderError
from jumun.invoices.documents.renderer import Renderer
from jumun.invoices.documents.theme import DEFAULT_THEME, Theme
from tests.invoices import en16931
from tests.invoices.documents import BERLIN, BUYER, SEOUL, bought_by, document, line, long_document
from tests.invoices.engine_faults import FAULTS, faulty, template
from tests.invoices.pdfa import violations

DIES_OF_ZHANG = '#if data.buyer.name.contains("張") { range(1000000000) }\n#data.buyer.name'


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_the_sites_layout_is_the_usual_one() -> None:
    made = make_pdf(document(), DEFAULT_THEME)
    assert (made.layout, made.reason) == ("site", "")


@pytest.mark.parametrize("fault", FAULTS)
def test_where_the_engine_dies_the_plain_layout_is_set(tmp_path: Path, fault: str) -> None:
    renderer = Renderer(time_limit_s=3 if fault == "hangs" else 20)
    made = make_pdf(bought_by("張偉"), faulty(tmp_path, fault), using=renderer)
    renderer.close()
    assert made.layout == "plain"
    assert "PDF engine" in made.reason
    assert "張偉" in text_of(made.content)


def test_where_a_text_is_the_cause_the_plain_layout_is_set(tmp_path: Path) -> None:
    theme = Theme(template=template(tmp_path, '#if data.buyer.name.contains("張") { panic("not this name") }'))
    assert make_pdf(bought_by("김하늘"), theme).layout == "site"
    made = make_pdf(bought_by("張偉"), theme)
    assert (made.layout, made.reason) == ("plain", "RenderError"), (
        "no text of the customer is in what goes into the log"
    )
    assert "張偉" in text_of(made.content)


def test_where_the_plain_layout_cannot_be_set_either_the_texts_are_spelled(tmp_path: Path, monkeypatch) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    monkeypatch.setattr(module, "PLAIN_TEMPLATE", template(plain, DIES_OF_ZHANG))
    made = make_pdf(bought_by("張 하늘"), faulty(tmp_path, "overflows its stack"))
    assert made.layout == "spelled"
    assert "[U+5F35] 하늘" in text_of(made.content)
    _name, xml = facturx.get_xml_from_pdf(made.content, check_xsd=True)
    assert "張 하늘" in xml.decode(), "the data are not spelled"


@pytest.mark.parametrize("source", ["#nothing_of_that_name", '#image("nowhere.png")', "#let"])
def test_a_broken_template_is_an_error_and_never_another_layout(tmp_path: Path, source: str) -> None:
    with pytest.raises(RenderError) as caught:
        make_pdf(document(), Theme(template=template(tmp_path, source)))
    assert not isinstance(caught.value, EngineDied)


def test_a_logo_or_a_template_that_cannot_be_read_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="image"):
        make_pdf(document(), Theme(logo=b"no picture"))
    with pytest.raises(RenderError, match=r"nowhere\.typ cannot be read: No such file"):
        make_pdf(document(), Theme(template=tmp_path / "nowhere.typ"))


def test_without_any_font_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="font"):
        make_pdf(document(), Theme(font_folders=(tmp_path / "gone",)))


@pytest.mark.parametrize("layout", ["plain", "spelled"])
def test_another_layout_says_the_same_and_carries_the_e_invoice(layout: Layout) -> None:
    lines = (
        line(1, "Füller", sku="F-1", quantity=3, discount_minor=1_000),
        line(2, "책", rate_ppm=0, tax_category="E", unit_price_minor=7_000),
    )
    content = render_as(document(*lines, locale="en+ko", notes=("Vielen Dank",), buyer=BERLIN), DEFAULT_THEME, layout)
    text = text_of(content)
    said = (
        "INV-2026-000123",
        SEOUL.name,
        BERLIN.name,
        "10119 Berlin",
        "DE136695976",
        "Füller",
        "F-1",
        "책",
        "3 x ₩11,000",
    )
    amounts = ("Discount -₩1,000", "₩32,000", "₩39,000", "VAT exempt", "•••• 4242", "Vielen Dank")
    assert [words for words in (*said, *amounts) if words not in text] == []
    _name, xml = facturx.get_xml_from_pdf(content, check_xsd=True)
    assert en16931.violations(xml) == []
    assert violations(content) == []


@pytest.mark.parametrize(
    "issued",
    [
        document(line(quantity=-2), kind="credit_note", refers_to="INV-2026-000123", locale="en"),
        document(paid=None, order_url=""),
        document(livemode=False, seller=dataclasses.replace(SEOUL, tax_id="")),
        long_document(100),
        document(line(description="가" * 10_000), buyer=dataclasses.replace(BUYER, name="W" * 300)),
        document(line(description=""), buyer=dataclasses.replace(BUYER, name="", address_lines=())),
    ],
)
def test_another_layout_takes_every_kind_of_document(issued: Document) -> None:
    content = render_as(issued, DEFAULT_THEME, "plain")
    assert violations(content) == []
    assert issued.number in text_of(content)


@settings(max_examples=25)
@given(st.lists(st.text(max_size=60), min_size=3, max_size=8))
def test_whatever_the_texts_are_there_is_a_paper_with_the_true_texts_in_its_data(texts: list[str]) -> None:
    name, address, *descriptions = (f"1{text}" for text in texts)
    buyer = dataclasses.replace(BUYER, name=name, address_lines=(address,))
    lines = (line(position, text) for position, text in enumerate(descriptions, start=1))
    issued = as_typed(document(*lines, buyer=buyer, notes=(name, address)))
    content = make_pdf(issued, DEFAULT_THEME).content
    assert violations(content) == []
    _name, xml = facturx.get_xml_from_pdf(content, check_xsd=True)
    assert xml == einvoice(issued)


def test_what_is_not_plain_is_spelled() -> None:
    spelled = spelled_out(bought_by("Änne 하늘 กี\u00ad\n"))
    assert spelled.buyer.name == "Änne 하늘 [U+0E01][U+0E35][U+00AD][U+000A]"
    assert (spelled.currency, spelled.order_url) == ("KRW", document().order_url)
    assert "[U+0E01]" in text_of(render_as(bought_by("ก"), DEFAULT_THEME, "spelled"))
