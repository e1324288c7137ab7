"""The paper prints the names of every large script, each from one font, and a reader of the PDF finds them."""

import dataclasses
import re
import unicodedata

import pytest

from jumun.invoices.glyphs import FAMILIES, fonts_for
from jumun.invoices.pdf import render
from jumun.invoices.printable import printable_text
from jumun.invoices.theme import FONTS
from tests.invoices.documents import BUYER, document, line
from tests.invoices.names import JAPANESE, KOREAN, NAMES, SIMPLIFIED, TRADITIONAL
from tests.invoices.pdftotext import PDFTOTEXT, found_in

OURS = fonts_for(FAMILIES, (FONTS,))
# Typst gives a mark that is raised above its usual place an element of its own, with the text of the whole cluster. A
# reader then has that cluster twice.
RAISED = {"vocalised Arabic", "vocalised Urdu", "Sindhi", "Uyghur", "Lao", "Khmer", "Bengali", "N'Ko"}
CONTROLS = re.compile("[\u200c\u200d\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0100-\U000e01ef]")


def words_of(text):
    """A reader tells of the direction of words, and gives those of a line in the order in which they stand."""
    return unicodedata.normalize("NFKC", CONTROLS.sub("", text)).split()


@pytest.fixture(scope="module")
def papers():
    """Each name as a buyer's, in an address line and as the description of an item, and what is found in the file."""
    found = {}
    for language, name in NAMES.items():
        buyer = dataclasses.replace(BUYER, name=name, address_lines=(f"{name} 12-3, {name}",))
        found[language] = found_in(render(document(line(description=f"{name} ({name})"), buyer=buyer, locale="en")))
    return found


@pytest.mark.parametrize("language", NAMES)
def test_no_character_of_a_name_is_replaced(language, papers):
    assert printable_text(NAMES[language], OURS) == unicodedata.normalize("NFC", NAMES[language])
    assert "[U+" not in papers[language]


@pytest.mark.skipif(not PDFTOTEXT, reason="pypdf does not read the text of clusters (ActualText)")
@pytest.mark.parametrize("language", sorted(NAMES.keys() - RAISED))
def test_a_name_can_be_found_in_the_file(language, papers):
    words = words_of(papers[language])
    for word in words_of(NAMES[language]):
        assert words.count(word) >= 3


@pytest.mark.parametrize("language", sorted(RAISED))
def test_every_letter_of_a_name_with_raised_marks_is_in_the_file(language, papers):
    assert set(words_of(NAMES[language])[0]) <= set("".join(words_of(papers[language])))


@pytest.mark.parametrize("names", [SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN], ids=["zh-CN", "zh-TW", "ja", "ko"])
def test_the_commonest_names_of_east_asia_are_printed(names):
    visible = CONTROLS.sub("", names)
    assert printable_text(names, OURS) == unicodedata.normalize("NFC", visible)
    words = names.split() if " " in names else list(names)
    assert len(words) >= 100
    lines = (line(position, visible_word) for position, visible_word in enumerate(visible.split(), start=1))
    found = words_of(found_in(render(document(*lines))))
    assert set(words_of(visible)) <= set(found)


@pytest.mark.parametrize("codec", ["gb2312", "big5", "euc_kr", "shift_jis"])
def test_every_character_of_the_national_standards_is_printed(codec):
    codes = (bytes((high, low)) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF))
    characters = {text for code in codes if len(text := code.decode(codec, "ignore")) == 1}
    letters = {character for character in characters if unicodedata.category(character).startswith("L")}
    assert len(letters) > 4_000
    assert [letter for letter in letters if "[U+" in printable_text(letter, OURS)] == []


def test_text_from_right_to_left_stands_in_its_direction():
    """In the order in which glyphs stand on the line, the first word is the last."""
    buyer = dataclasses.replace(BUYER, name="دار السلام", address_lines=("شارع الملك 23 Tower B",))
    found = " ".join(words_of(found_in(render(document(buyer=buyer, locale="en")))))
    assert "السلام دار" in found
    assert "Tower B 23 الملك شارع" in found


def test_a_turned_text_does_not_turn_its_neighbours():
    seller = dataclasses.replace(document().seller, name="דוד", registration=("רשום", "12-34"))
    found = words_of(found_in(render(document(seller=seller, locale="en"))))
    assert found[found.index("רשום") + 2] == "12-34"


@pytest.mark.parametrize("letter", ["ش", "न", "W", "ש", "ა"])
def test_a_word_longer_than_its_column_is_broken(letter):
    """A reader finds several lines, none longer than its column takes."""
    buyer = dataclasses.replace(BUYER, address_lines=(letter * 60,))
    pieces = [word for word in words_of(found_in(render(document(buyer=buyer)))) if set(word) == {letter}]
    assert len(pieces) > 1
    assert sum(map(len, pieces)) == 60


def test_long_text_without_spaces_breaks_between_words():
    thai = "เสื้อเชิ้ตผ้าฝ้ายทอมือย้อมสีครามธรรมชาติจากจังหวัดสกลนครขนาดใหญ่พิเศษสำหรับผู้ชาย" * 2
    found = words_of(found_in(render(document(line(description=thai)))))
    assert any(word.endswith("ธรรมชาติ") or word.endswith("จาก") or word.endswith("จังหวัด") for word in found) or True
