"""What the fonts cannot draw is spelled on the paper, and nothing else: not the space, not the text of others."""

import dataclasses
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumun.invoices.documents.document import from_json
from jumun.invoices.documents.font_characters import FAMILIES, characters_of, families_for, fonts_for
from jumun.invoices.documents.missing_glyphs import INVISIBLE, JOINERS, printable, printable_text
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.theme import FONTS
from tests.factories import paid_order
from tests.invoices.documents import BUYER, bought_by, document, line
from tests.invoices.pdftotext import found_in

pytestmark = pytest.mark.once

OURS = fonts_for(FAMILIES, (FONTS,))


@pytest.mark.parametrize(
    ("typed", "paper"),
    [
        ("Kim 😀 ไทย", "Kim [U+1F600] ไทย"),
        ("👩\u200d👧", "[U+1F469][U+1F467]"),
        ("❤\ufe0f", "❤"),
        ("ᠮᠣᠩᠭᠣᠯ", "[U+182E][U+1823][U+1829][U+182D][U+1823][U+182F]"),
        ("\ue000", "[U+E000]"),
        ("half \ud83d", "half [U+D83D]"),
    ],
)
def test_only_a_character_that_no_font_draws_is_spelled(typed, paper):
    assert printable_text(typed, OURS) == paper


@pytest.mark.parametrize(
    ("typed", "paper"),
    [
        ("two\nlines\tand  more", "two lines and more"),
        ("blank\u2800\u2003\u3000braille", "blank braille"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u2067\u2066\u2068\u2069\u061cKim", "Kim"),
        ("soft\u00adhyphen\u200b\ufeff", "softhyphen"),
        ("nul\x00", "nul"),
        ("A\u034f\u0308nne", "Änne"),
        ("Kim\u3164\u115f\u1160\uffa0", "Kim"),
        ("葛\U000e0100城", "葛城"),
        (unicodedata.normalize("NFD", "김하늘 Änne"), "김하늘 Änne"),
    ],
)
def test_what_has_no_shape_of_its_own_cannot_hide_in_a_name(typed, paper):
    assert printable_text(typed, OURS) == paper


@pytest.mark.parametrize(
    ("typed", "paper"),
    [
        ("نیک\u200cپور", "نیک\u200cپور"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("ক্\u200cষ র\u200d্য", "ক্\u200cষ র\u200d্য"),
        ("Kim\u200d\u200cLee", "KimLee"),
        ("김\u200c하늘", "김하늘"),
        ("\u200dका\u200d\u200d", "का\u200d"),
    ],
)
def test_joiners_stay_where_they_shape_a_letter(typed, paper):
    assert printable_text(typed, OURS) == paper


@pytest.mark.parametrize(
    ("typed", "paper"),
    [
        ("aก\u0e35b\u0301", "aก\u0e35b\u0301"),
        ("ก\u0301", "ก[U+0301]"),  # the mark in one font, the letter in another
        ("W\u0e35", "W[U+0E35]"),
        ("W\u0e35\u0301", "W\u0301[U+0E35]"),
        ("ɓ\u0301Ԥ\u0301", "ɓ\u0301Ԥ[U+0301]"),
        ("😀\u0301", "[U+1F600][U+0301]"),
        ("W\uff9e", "W[U+FF9E]"),
        ("\u0e35", "\u0e35"),
        (" \u0301", "\u0301"),
    ],
)
def test_a_letter_and_its_marks_come_from_one_font(typed, paper):
    assert printable_text(typed, OURS) == paper
    kept = [character for character in re.sub(r"\[U\+\w+\]", "", paper) if character.isalpha()]
    found = found_in(render(bought_by(f"<{typed}>")))
    assert all(character in found for character in kept)


def test_the_space_and_the_texts_of_the_seller_stay_whatever_the_buyer_is_called():
    plain = found_in(render(bought_by("Kim")))
    for name in ("กี", "शर्मा", "கி", "ខ្មែរ", "محمَّد", "😀", "\u0301 \u0e35"):
        text = found_in(render(bought_by(name)))
        assert "U+0020" not in text
        assert text.count("주문상점 주식회사") == plain.count("주문상점 주식회사")
        assert "2026년 11월 23일" in text


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["กี 😀", "张伟", "محمَّد", "ᠮᠣᠩᠭᠣᠯ"])
def test_the_document_keeps_what_was_typed(name):
    invoice = paid_order(name=name).invoice
    assert from_json(invoice.document_json).buyer.name == name
    assert name in invoice.document_json


def test_a_font_of_the_site_draws_what_ours_lack(tmp_path):
    (tmp_path / "deep").mkdir()
    font = tmp_path / "deep" / "theirs.TTF"
    font.write_bytes((FONTS / "NotoSansThai-Regular.ttf").read_bytes())
    without_thai = tuple(family for family in FAMILIES if family != "Noto Sans Thai")
    assert printable_text("ไทย", fonts_for(without_thai, (FONTS,))) == "[U+0E44][U+0E17][U+0E22]"
    assert printable_text("ไทย", fonts_for(without_thai, (FONTS, tmp_path))) == "ไทย"


def test_a_file_that_is_not_a_font_draws_nothing(tmp_path):
    for name, content in (("a.ttf", b""), ("b.otf", b"<html>"), ("c.ttc", b"ttcf" + b"\xff" * 40)):
        (tmp_path / name).write_bytes(content)
    assert [characters_of(font) for font in fonts_for((), (Path(tmp_path),))] == [frozenset()] * 3


ASSIGNED = st.characters(exclude_categories=["Cn"])


@settings(max_examples=300, deadline=None)
@given(st.text(ASSIGNED, max_size=60))
def test_every_character_of_any_text_is_one_that_a_font_draws(text):
    fonts = fonts_for(families_for(text), (FONTS,))
    drawn = frozenset().union(*map(characters_of, fonts))
    paper = printable_text(text, fonts)
    assert set(paper) <= drawn | set(JOINERS)
    assert not INVISIBLE.search(paper)
    assert paper == " ".join(paper.split())


# Several texts on one paper, because to set it takes longer than to think of them.
@settings(max_examples=12, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=12))
def test_no_text_keeps_a_paper_from_being_printed(texts):
    lines = (line(position, text, sku=text) for position, text in enumerate(texts, start=1))
    buyer = dataclasses.replace(BUYER, name=texts[0], address_lines=tuple(texts))
    assert render(document(*lines, buyer=buyer, notes=tuple(texts))).startswith(b"%PDF-")


def characters_of_scripts():
    """Every character that our fonts draw, as words of forty."""
    drawn = sorted(frozenset().union(*map(characters_of, OURS)))
    return ["".join(drawn[start : start + 40]) for start in range(0, len(drawn), 40)]


def test_every_character_of_our_fonts_can_be_set():
    words = characters_of_scripts()
    assert len(words) > 900
    for start in range(0, len(words), 300):
        batch = words[start : start + 300]
        invoice = document(*(line(position, word) for position, word in enumerate(batch, start=1)))
        assert render(invoice).startswith(b"%PDF-")


def test_what_the_fonts_draw_is_asked_without_typst():
    """In a process of its own: what `printable` imports is not the layout."""
    code = "import sys, jumun.invoices.documents.missing_glyphs; print(sorted({'typst', 'django'} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert output.strip() == "[]"


def test_every_field_that_people_fill_in_is_made_printable():
    spelled = printable(
        document(
            line(description="😀", sku="😀"),
            buyer=dataclasses.replace(BUYER, name="😀", address_lines=("😀",), city="😀", region="😀", email="😀"),
            notes=("😀",),
        ),
        OURS,
    )
    assert "😀" not in repr(spelled)
    assert spelled.buyer.name == spelled.notes[0] == spelled.lines[0].sku == "[U+1F600]"
