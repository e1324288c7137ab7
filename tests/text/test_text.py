import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumun import text

pytestmark = pytest.mark.no_database

anything = st.text()


@pytest.mark.parametrize(
    "blank",
    [
        *("", " ", "\t\r\n", "\u00a0", "\u2003", "\u3000", "\u2028"),
        # Hangul fillers, the empty Braille pattern, the null notehead
        *("\u3164", "\uffa0", "\u115f", "\u1160", "\u2800", "\U0001d159"),
        *("\u200b", "\u200c\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u180e", "\ufe0f", "\U000e0041"),
        *("\u200e", "\u202e", "\u2066\u2069", "\u061c"),
        *("\u0301", "\u0e34", "\ufff0", "\ufffe", "\x00", "\x7f"),
        " \u3164\u200b\u2800\u0301 ",
    ],
)
def test_text_of_which_nothing_can_be_seen_is_blank(blank: str) -> None:
    assert text.is_blank(blank)
    assert text.normalized(blank) == ""


@pytest.mark.parametrize(
    "name", ["김", "ㅎ", "é", "กี", "😀", "👩‍👧", "-", "㈜", "\ue000", "葛\U000e0100", "１", "\U0003ffff0"]
)
def test_whatever_can_be_seen_is_text(name: str) -> None:
    assert not text.is_blank(name)


def test_every_character_that_unicode_says_to_ignore_is_blank() -> None:
    # Hypothesis alone would rarely meet them: each code point, by the categories and the ranges of the standard.
    shown_by_itself = {
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character)[0] in "ZC" and not text.is_blank(character)
    }
    assert {unicodedata.category(character) for character in shown_by_itself} == {"Co", "Cn"}
    assert not shown_by_itself & {*map(chr, range(0xE0000, 0xE1000)), *map(chr, range(0xFFF0, 0xFFF9)), "\u2065"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (unicodedata.normalize("NFD", "김하늘 Änne"), "김하늘 Änne"),
        ("  김하늘\u3000", "김하늘"),
        ("\ufeff김하늘\u200b", "김하늘"),
        ("김\x01하\x7f늘", "김하늘"),
        ("e\x02\u0301", "é"),
        ("김\t하늘", "김 하늘"),
        ("김\r\n하늘", "김 하늘"),
        ("㈜하늘 ﬁ ²", "㈜하늘 ﬁ ²"),
        ("ＡＢＣ", "ＡＢＣ"),
        ("نمی\u200cدانم", "نمی\u200cدانم"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("葛\U000e0100", "葛\U000e0100"),
    ],
)
def test_names_are_kept_as_typed_but_composed_and_without_what_is_not_text(typed: str, stored: str) -> None:
    assert text.normalized(typed) == stored


def test_an_address_keeps_its_lines() -> None:
    assert text.normalized("1 High St\r\nFlat 2\u2028London\n", keep_lines=True) == "1 High St\nFlat 2\nLondon"


@given(anything, st.booleans())
def test_normalising_twice_changes_nothing_more(typed: str, keep_lines: bool) -> None:
    once = text.normalized(typed, keep_lines=keep_lines)
    assert text.normalized(once, keep_lines=keep_lines) == once
    assert unicodedata.is_normalized("NFC", once)
    assert bool(once) != text.is_blank(once)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn"))))
def test_nothing_that_was_typed_is_lost_but_at_the_ends(typed: str) -> None:
    stored = text.normalized(typed.replace("\u2028", "").replace("\u2029", ""))
    assert not stored or stored in unicodedata.normalize("NFC", typed.replace("\u2028", "").replace("\u2029", ""))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("０４５２４", "04524"),
        ("٠٤٥٢٤", "04524"),
        ("०४५२४", "04524"),
        ("１５０－０００１", "150-0001"),
        ("150ー0001", "150-0001"),
        ("150−0001", "150-0001"),
        ("150–0001", "150-0001"),
        ("ＳＷ１Ａ　１ＡＡ", "SW1A 1AA"),
        ("\u202a04524\u202c", "04524"),
        ("04\u200b524", "04524"),
        ("0452②", "0452②"),
        ("", ""),
    ],
)
def test_a_code_is_read_from_any_keyboard(typed: str, code: str) -> None:
    assert text.code(typed) == code


@given(anything)
def test_a_code_of_any_text_is_normal(typed: str) -> None:
    once = text.code(typed)
    assert text.code(once) == once == text.normalized(once)
