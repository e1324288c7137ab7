import dataclasses
import io
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from jumun.invoices.document import canonical_json
from jumun.invoices.pdf import printable, render
from tests.invoices.documents import BUYER, document, line


def bought_by(name):
    return document(buyer=dataclasses.replace(BUYER, name=name))


def text_of(invoice):
    return PdfReader(io.BytesIO(render(invoice))).pages[0].extract_text()


@pytest.mark.parametrize(
    "name",
    [
        "Ąčęłńóśźż Ÿÿ Øø Ññ Şşİı Đđ Ǻ Ế ở",
        "Ελληνικά",
        "Кириллица Ґґ",
        "똠방각하 펲시콜라 뷁",
        "ひらがな カタカナ",
        "大韓民國 株式會社 訓民正音",
        "株式会社高橋桜",
        "①②③ ㈜ ™ № € £ ¥ ₩ ₿ “„–—…",
    ],
)
def test_every_script_that_the_documentation_names_is_printed(name):
    assert printable(bought_by(name)).buyer.name == unicodedata.normalize("NFC", name)
    assert name.split()[0] in text_of(bought_by(name))


def test_every_hangul_syllable_is_printed():
    syllables = "".join(map(chr, range(0xAC00, 0xD7A4)))
    invoice = document(line(description=syllables))
    assert printable(invoice) == invoice


def test_a_customer_whose_name_has_such_a_character_still_gets_an_invoice():
    assert "Kim [U+1F600] [U+0E44][U+0E17][U+0E22]" in text_of(bought_by("Kim 😀 ไทย"))


def test_what_was_asked_before_is_answered_the_same():
    first = [printable(bought_by(name)).buyer.name for name in ("Kim 😀", "Kim", "😀 하늘")]
    assert [printable(bought_by(name)).buyer.name for name in ("Kim 😀", "Kim", "😀 하늘")] == first
    assert first == ["Kim [U+1F600]", "Kim", "[U+1F600] 하늘"]


def test_what_can_be_printed_stays_as_it_is():
    assert printable(document()) == document()


def test_letters_in_pieces_are_put_together():
    pieces = unicodedata.normalize("NFD", "김하늘 Änne")
    assert printable(bought_by(pieces)).buyer.name == "김하늘 Änne"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("two\nlines\tand  more", "two lines and more"),
        ("\u202egnp.exe", "gnp.exe"),
        ("soft\u00adhyphen\u200b\ufeff", "softhyphen"),
        ("nul\x00", "nul"),
        ("half \ud83d", "half [U+D83D]"),
        ("❤\ufe0f", "[U+2764]"),
        ("A\u034f\u0308nne", "Änne"),
        ("Kim\u3164\u115f\u1160\uffa0", "Kim"),
        ("\ue000", "[U+E000]"),
    ],
)
def test_what_has_no_shape_of_its_own_cannot_hide_in_a_name(written, printed):
    assert printable(bought_by(written)).buyer.name == printed


# Several texts on one paper, because to set it takes longer than to think of them.
@settings(max_examples=12, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=12))
def test_no_text_keeps_an_invoice_from_being_issued(texts):
    lines = (line(position, text) for position, text in enumerate(texts, start=1))
    invoice = printable(document(*lines, buyer=dataclasses.replace(BUYER, name=texts[0]), notes=tuple(texts)))
    assert canonical_json(invoice).encode()
    assert render(invoice).startswith(b"%PDF-")
    assert printable(invoice) == invoice


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), min_size=1, max_size=12)


@settings(max_examples=8, deadline=None)
@given(st.lists(words, min_size=1, max_size=8))
def test_what_was_made_printable_can_be_found_in_the_file(texts):
    invoice = printable(document(*(line(position, text) for position, text in enumerate(texts, start=1))))
    shown = re.sub(r"\s", "", unicodedata.normalize("NFKC", text_of(invoice)))
    for item in invoice.lines:
        assert re.sub(r"\s", "", unicodedata.normalize("NFKC", item.description)) in shown
