"""The paper prints the names of every large script, each from one font, and a reader of the PDF finds them."""

import dataclasses
import re
import subprocess
import unicodedata
from collections import Counter

import pytest

from jumun.invoices.documents.font_characters import FAMILIES, fonts_for
from jumun.invoices.documents.missing_glyphs import printable_text
from jumun.invoices.documents.pdf import render
from jumun.invoices.documents.theme import FONTS
from tests.invoices.documents import BUYER, document, line
from tests.invoices.names import JAPANESE, KOREAN, NAMES, SIMPLIFIED, TRADITIONAL
from tests.invoices.pdftotext import PDFTOTEXT, found_in

pytestmark = pytest.mark.no_database

OURS = fonts_for(FAMILIES, (FONTS,))
# Typst gives a mark that is raised above its usual place an element of its own, with the text of the whole cluster: a
# reader then has that cluster twice. And pdftotext turns the letters of a ligature that is set from right to left.
RAISED = {"Lao", "Khmer", "Bengali", "Telugu"}
RIGHT_TO_LEFT = {
    *("Arabic", "vocalised Arabic", "Persian", "Urdu", "vocalised Urdu", "Pashto", "Kurdish", "Sindhi", "Uyghur"),
    *("Hebrew", "Hebrew with points", "Dhivehi", "N'Ko"),
}
# The name, the address line and the item say it, the latter two twice.
COPIES = 5
CONTROLS = re.compile("[\u200c\u200d\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0100-\U000e01ef]")


def visible(text):
    return CONTROLS.sub("", unicodedata.normalize("NFKC", text))


def solid(text):
    """Without spaces: a reader finds some between the clusters of a word."""
    return "".join(visible(text).split())


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
@pytest.mark.parametrize("language", sorted(NAMES.keys() - RAISED - RIGHT_TO_LEFT))
def test_a_name_can_be_found_in_the_file(language, papers):
    assert solid(papers[language]).count(solid(NAMES[language])) >= COPIES


@pytest.mark.skipif(not PDFTOTEXT, reason="pypdf does not read the text of clusters (ActualText)")
@pytest.mark.parametrize("language", sorted(RAISED | RIGHT_TO_LEFT))
def test_every_letter_of_a_name_is_in_the_file(language, papers):
    found = Counter(solid(papers[language]))
    assert found >= Counter(solid(NAMES[language]) * COPIES)


@pytest.mark.parametrize(
    "names", [list(SIMPLIFIED), list(TRADITIONAL), JAPANESE.split(), KOREAN.split()], ids=["zh-CN", "zh-TW", "ja", "ko"]
)
def test_the_commonest_names_of_east_asia_are_printed(names):
    assert len(set(names)) >= 100
    text = found_in(render(document(*(line(position, name) for position, name in enumerate(names, start=1)))))
    assert "[U+" not in text
    assert {visible(name) for name in names} <= set(visible(text).split())


@pytest.mark.parametrize("codec", ["gb2312", "big5", "euc_kr", "shift_jis"])
def test_every_character_of_the_national_standards_is_printed(codec):
    codes = (bytes((high, low)) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF))
    characters = {text for code in codes if len(text := code.decode(codec, "ignore")) == 1}
    letters = {character for character in characters if unicodedata.category(character).startswith("L")}
    assert len(letters) > 4_000
    assert [letter for letter in letters if "[U+" in printable_text(letter, OURS)] == []


def left_to_right(content, words):
    """These words in the order in which they stand on the page, from left to right."""
    boxes = subprocess.run([str(PDFTOTEXT), "-bbox", "-", "-"], input=content, capture_output=True, check=True)
    found = re.findall(r'xMin="([\d.]+)".*>(.+)</word>', visible(boxes.stdout.decode()))
    # The letters of a word are in that order too.
    places = {word: float(x) for word in words for x, letters in found if letters in {word, word[::-1]}}
    return sorted(places, key=places.__getitem__)


@pytest.mark.skipif(not PDFTOTEXT, reason="pypdf does not say where a word stands")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("شارع فيصل 23 Tower B", "Tower B 23 فيصل شارع"),
        ("רחוב דיזנגוף 123", "123 דיזנגוף רחוב"),
        ("Tower שלום רב 7", "Tower 7 רב שלום"),
    ],
)
def test_text_from_right_to_left_stands_in_its_direction(text, expected):
    content = render(document(buyer=dataclasses.replace(BUYER, address_lines=(text,)), locale="en"))
    assert " ".join(left_to_right(content, text.split())) == expected


def test_text_from_right_to_left_does_not_turn_its_neighbours():
    seller = dataclasses.replace(document().seller, name="דוד", registration=("רשום", "12-34"))
    found = visible(found_in(render(document(seller=seller, locale="en"))))
    assert "רשום · 12-34" in found


@pytest.mark.parametrize("letter", ["ش", "न", "W", "ש", "ა"])
def test_a_word_longer_than_its_column_is_broken(letter):
    """A reader finds several lines, none longer than its column takes."""
    buyer = dataclasses.replace(BUYER, address_lines=(letter * 60,))
    pieces = [word for word in visible(found_in(render(document(buyer=buyer)))).split() if set(word) == {letter}]
    assert len(pieces) > 1
    assert sum(map(len, pieces)) == 60


def test_thai_breaks_between_words():
    found = visible(found_in(render(document(line(description="ภาษาไทย" * 20)))))
    pieces = [word for word in found.split() if set(word) <= set("ภาษาไทย")]
    assert len(pieces) > 1
    assert all(re.fullmatch("(ภาษา|ไทย)+", piece) for piece in pieces)
