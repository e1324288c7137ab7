"""Where a site wants it, a paper is in the order's language with the other one beneath."""

import dataclasses
import datetime
import io
import re
from typing import Any

import pikepdf
import pytest

from jumun.invoices.documents.document import DocumentError, canonical_json, from_json
from jumun.invoices.documents.labels import labels_of
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.theme import Theme
from tests.invoices.documents import BERLIN, CANCELLATION, CREDIT_NOTE, VISA, document, line, long_document
from tests.invoices.pdftotext import text_of

pytestmark = pytest.mark.no_database

KINDS = {
    "invoice": ((line(discount_minor=100),), {}),
    "credit_note": ((line(quantity=-1),), CREDIT_NOTE),
    "cancellation": ((line(),), CANCELLATION),
}
EVERYWHERE = ("number", "issued_on", "order", "status", "from", "to", "description", "quantity", "unit_price", "amount")
IN_SUMS = ("tax_breakdown", "rate", "net", "net_total", "gross", "prices_include_tax", "view_order", "test")


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
@pytest.mark.parametrize("locale", ["ko+en", "en+ko"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_word_is_there_in_both(kind, locale, paper):
    lines, head = KINDS[kind]
    issued = document(*lines, locale=locale, livemode=False, **head)
    text = text_of(issued, theme=Theme(paper=paper))
    for language in issued.languages:
        words = labels_of(issued, language)
        settled = (kind, f"settled_{kind}", f"payment_{kind}", f"reference_{kind}")
        for key in (*settled, *EVERYWHERE, *IN_SUMS):
            assert words[key] in text, (language, key)
        assert words[f"undated_{kind}"].format(method="Visa •••• 4242") in text or issued.language == language


def test_dates_and_amounts_are_there_once():
    issued = document(line(1), line(2, discount_minor=1_000), locale="en+ko", issued_on=datetime.date(2026, 11, 24))
    text = text_of(issued)
    for once in ("2026-11-24", "2026-11-23", "Discount 할인 -₩1,000 1 ₩11,000 ₩10,000"):
        assert text.count(once) == 1
    assert "2026년" not in text
    assert "November" not in text


def test_tax_is_explained_in_both():
    lines = (line(1, rate_ppm=0, tax_category="AE"), line(2, rate_ppm=0, tax_category="E"))
    text = text_of(document(*lines, locale="ko+en", seller=BERLIN, currency="EUR"))
    for string in (
        "대리납부 reverse charge",
        "Reverse charge: the recipient is liable for VAT.",
        "부가세 면세 품목입니다.",
    ):
        assert string in text
    assert "독일 Germany" in text
    assert "VAT 번호 VAT ID DE136695976" in text


def test_a_lost_dispute_is_told_in_both():
    dispute = dataclasses.replace(VISA, stripe_id="du_1")
    text = text_of(document(line(quantity=-1), locale="en+ko", paid=dispute, **CREDIT_NOTE))
    assert "after a dispute. No refund comes in addition." in text
    assert "이의 제기에 따라 Visa •••• 4242 은행에서 반환한 금액입니다." in text


def test_carried_totals_and_page_numbers_are_in_both():
    text = text_of(long_document(60, locale="ko+en"))
    for string in ("다음 장으로 이월 Carried forward", "앞 장에서 이월 Brought forward", "2 / 4쪽 Page 2 of 4"):
        assert string in text


def test_the_file_says_both_titles_and_marks_what_is_in_the_second_language():
    content = render(document(locale="en+ko"))
    with pikepdf.open(io.BytesIO(content)) as pdf:
        root: Any = pdf.Root
        assert root.Lang == "en"
        assert pdf.docinfo["/Title"] == "Invoice / 인보이스 INV-2026-000123"
        drawn = b"".join(page.Contents.read_bytes() for page in pdf.pages)
    assert len(re.findall(rb"/Span\s*<<[^>]*/Lang\(ko\)", drawn)) >= len(EVERYWHERE)


def test_the_frozen_document_says_it_and_knows_no_other_pair():
    text = canonical_json(document(locale="ko+en"))
    assert canonical_json(from_json(text)) == text
    for other in ("ko+ko", "en+ko+en", "ko+", "ko-en"):
        with pytest.raises(DocumentError, match="locale"):
            from_json(text.replace('"ko+en"', f'"{other}"'))
