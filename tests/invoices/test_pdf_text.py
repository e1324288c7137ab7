import dataclasses
import io
import itertools
import json
import re
from typing import Any

import pytest
import typst
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from jumun.invoices.documents.font_characters import FAMILIES
from jumun.invoices.documents.labels import labels_of
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.printed import printed
from jumun.invoices.documents.theme import DEFAULT_THEME, FONTS, Theme
from tests.invoices.documents import BERLIN, BUYER, VISA, document, line, long_document
from tests.invoices.pdftotext import READER, found_in, pages_of, text_of

pytestmark = pytest.mark.no_database

LONG_NAME = "Extraordinarily Long Company Name for Everything Else GmbH & Co. Kommanditgesellschaft auf Aktien"


# What the template gets besides texts: names of labels and kinds, and the code's picture.
NO_TEXT = {
    *("labels", "second", "language", "kind", "label", "category", "tax_id_label", "carried", "order_qr", "order_url"),
}


def strings_of(tree):
    """Every text that the template places."""
    if isinstance(tree, dict):
        return [string for key, value in tree.items() if key not in NO_TEXT for string in strings_of(value)]
    if isinstance(tree, list):
        return [string for value in tree for string in strings_of(value)]
    return [tree] if isinstance(tree, str) else []


@pytest.mark.parametrize("locale", ["ko", "en", "en+ko"])
@pytest.mark.parametrize("reader", [READER])
def test_every_string_of_a_200_line_invoice_can_be_found(locale, reader):
    invoice = long_document(200, locale=locale)
    text = found_in(render(invoice))
    for item in invoice.lines:
        assert f"{item.description} {item.sku}" in text
        assert f"₩{item.unit_price_minor:,} ₩{item.total_minor:,}" in text
    tree = printed(invoice)
    for string in (*strings_of(tree), *strings_of(tree["second"])):
        assert string in text


def test_a_korean_invoice_speaks_korean():
    text = text_of(document())
    for string in (
        "인보이스",
        "2026년 11월 23일",
        "공급가액 ₩10,000",
        "부가세 ₩1,000",
        "합계 ₩11,000",
        "결제 완료",
        "1 / 1쪽",
    ):
        assert string in text
    assert "사업자등록번호 120-81-47521" in text


def test_an_english_invoice_speaks_english():
    text = text_of(document(locale="en", seller=BERLIN, currency="EUR"))
    for string in ("Invoice", "November 23, 2026", "Total excl. VAT €100.00", "VAT €10.00", "Total €110.00", "Paid"):
        assert string in text
    for string in ("VAT ID DE136695976", "Germany", "South Korea", "Page 1 of 1", "Paid by Visa •••• 4242"):
        assert string in text


def test_pages_are_numbered_and_carry_the_total_and_the_header_on():
    invoice = long_document(60, locale="en")
    pages = pages_of(invoice)
    assert len(pages) >= 3
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    sum_minor = 0
    for page, following in itertools.pairwise(pages):
        sum_minor += sum(line.total_minor for line in invoice.lines if line.description in page)
        carried = [f"₩{sum_minor:,}"] if sum_minor < invoice.total_minor else []
        assert re.findall(r"Carried forward\s+(₩[\d,]+)", page) == carried
        assert re.findall(r"Brought forward\s+(₩[\d,]+)", following) == carried
        assert ("Description" in following) is bool(carried)
    assert "Carried forward" not in pages[-1]


def test_totals_stay_with_the_last_lines_where_there_is_room_for_them():
    """Though the payment and the code for the order's page no longer fit beneath."""
    pages = pages_of(document(*(line(n, sku=f"S-{n}") for n in range(1, 13)), locale="en"))
    assert len(pages) == 2
    assert "S-12" in pages[0]
    assert "Total excl. VAT" in pages[0]
    assert "Paid by Visa" in pages[1]


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("KRW", "₩1,234,567"), ("USD", "$12,345.67"), ("KWD", "KWD 1,234.567"), ("ISK", "ISK 1,234,567")],
)
@pytest.mark.parametrize("locale", ["en", "ko", "ko+en"])
def test_a_currency_has_its_decimals(currency, amount, locale):
    text = text_of(document(line(unit_price_minor=1_234_567), locale=locale, currency=currency))
    assert text.count(amount) >= 4


def test_rates_exemptions_and_their_statements_are_shown():
    invoice = document(
        line(1, rate_ppm=82_500),
        line(2, rate_ppm=0, tax_category="E"),
        line(3, rate_ppm=0, tax_category="AE"),
        *(line(n, rate_ppm=0, tax_category=category) for n, category in enumerate("ZKGO", start=4)),
        locale="en",
    )
    text = text_of(invoice)
    assert "8.25%" in text
    words = labels_of(invoice)
    for category in ("E", "AE", "Z", "K", "G", "O"):
        assert text.count(words[f"category_{category}"]) >= 2  # beside the line and in the table of the tax
        assert words[f"statement_{category}"] in text


def test_a_discount_is_shown_with_its_line():
    assert "할인 -₩1,000" in text_of(document(line(discount_minor=1_000)))


def test_a_seller_in_the_united_states_charges_sales_tax():
    seller = dataclasses.replace(
        BERLIN, country="US", city="Austin", region="TX", postal_code="78701", tax_id="12-3456789"
    )
    text = text_of(document(locale="en", currency="USD", seller=seller))
    for string in ("Sales tax breakdown", "Total excl. sales tax", "Prices include sales tax."):
        assert string in text
    assert "VAT" not in text
    assert "Austin, TX 78701" in text


def test_an_unpaid_invoice_is_open():
    text = text_of(document(locale="en", paid=None))
    assert "Open" in text
    assert "Paid" not in text


def test_a_test_payment_is_marked_and_a_real_one_is_not():
    assert "실제 결제가 아니며" in text_of(document(livemode=False))
    assert "실제 결제가 아니며" not in text_of(document())


def test_a_credit_note_names_the_invoice_it_corrects_and_has_negative_amounts():
    credit_note = document(
        line(quantity=-1),
        kind="credit_note",
        number="CN-2026-000007",
        refers_to="INV-2026-000123",
        refers_to_issued_on=document().issued_on,
        paid=dataclasses.replace(VISA, stripe_id="re_123"),
        locale="en",
    )
    text = text_of(credit_note)
    for string in ("Credit note", "INV-2026-000123 of November 23, 2026", "Total credit -₩11,000", "Refunded to Visa"):
        assert string in text


@pytest.mark.parametrize("name", [LONG_NAME, "가나다라마바사" * 20, "W" * 120])
def test_a_long_name_wraps_and_stays_on_the_paper(name):
    reader = PdfReader(
        io.BytesIO(render(document(line(description=name), buyer=dataclasses.replace(BUYER, name=name))))
    )
    rights = []

    def visit(text, _matrix, text_matrix, _font, _size):
        if text.strip():
            rights.append(text_matrix[4])

    letters = "".join(page.extract_text(visitor_text=visit) for page in reader.pages)
    assert re.sub(r"\s", "", letters).count(re.sub(r"\s", "", name)) == 2
    assert max(rights) < float(reader.pages[0].mediabox.width) - 40


def test_hostile_text_is_only_text():
    strings = (
        '#read("/etc/passwd")',
        "$x^2$",
        "*bold*",
        "_emphasis_",
        "= Heading",
        "<label> @reference",
        "#panic()",
        "\\ \\u{41}",
        "`raw`",
        '")]#sys.version',
        "{page} {tax}",
        "../../etc/passwd",
    )
    invoice = document(
        *(line(n, string) for n, string in enumerate(strings, start=1)),
        buyer=dataclasses.replace(BUYER, name=strings[0]),
        notes=strings,
    )
    text = text_of(invoice)
    for string in strings:
        assert text.count(string) >= 2


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
def test_the_qr_code_leads_to_the_order(paper):
    invoice = document(order_url="https://shop.example/orders/8Qm3kZ7nT2/")
    inputs = {"document": json.dumps(printed(invoice) | {"fonts": FAMILIES, "logo": None}), "paper": paper}
    compiler = typst.Compiler(DEFAULT_THEME.template, font_paths=[FONTS], ignore_system_fonts=True)
    png: Any = compiler.compile(format="png", ppi=100, sys_inputs=inputs)
    codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))
    assert [code.text for code in codes] == [invoice.order_url]


def test_without_an_order_page_there_is_no_link():
    assert "온라인으로" not in text_of(document(order_url=""))


def test_us_letter_is_a_setting():
    page = PdfReader(io.BytesIO(render(document(), theme=Theme(paper="us-letter")))).pages[0]
    assert (float(page.mediabox.width), float(page.mediabox.height)) == (612, 792)
