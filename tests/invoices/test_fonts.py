"""The fonts in the package: which characters they draw, where they come from, what they weigh."""

import hashlib
import json
from pathlib import Path

import pytest
import reportlab
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTCollection, TTFont

from jumun.invoices.documents.font_characters import (
    FAMILIES,
    NOT_TEXT,
    characters_of,
    families_for,
    fonts_for,
    has_bold,
)
from jumun.invoices.documents.theme import FONTS

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
OURS = fonts_for(FAMILIES, (FONTS,))
VERA = sorted((Path(reportlab.__file__).parent / "fonts").glob("*.ttf"))


def mapped(font: Path) -> set[str]:
    return {chr(code) for code in TTFont(font).getBestCmap() if code not in NOT_TEXT}


@pytest.mark.parametrize("font", [*OURS, *VERA], ids=lambda path: path.name)
def test_the_character_map_is_read_as_fonttools_reads_it(font):
    assert characters_of(font) == mapped(font)


@pytest.mark.parametrize("characters", [{0x41: "A", 0x10FFFD: "A"}, {0x1F600: "A", 0x41: "A", 0x43: "A"}])
def test_all_planes_are_read(characters, tmp_path):
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "A"])
    builder.setupCharacterMap(characters)
    builder.save(tmp_path / "some.ttf")
    assert characters_of(tmp_path / "some.ttf") == {chr(code) for code in characters if code not in NOT_TEXT}


def test_a_collection_draws_what_its_fonts_draw(tmp_path):
    collection = TTCollection()
    collection.fonts = [TTFont(FONTS / f"NotoSans{script}-Regular.ttf") for script in ("Thai", "Lao")]
    collection.save(tmp_path / "both.ttc")
    assert characters_of(tmp_path / "both.ttc") >= {"ก", "ກ"}


def test_the_families_are_those_of_the_files():
    names = [TTFont(font)["name"].getBestFamilyName() for font in OURS]
    assert names == list(FAMILIES)
    assert {font.name for font in OURS} | {"PretendardJP-SemiBold.otf"} == {
        font.name for font in FONTS.iterdir() if font.suffix in {".otf", ".ttf"}
    }


def test_the_bold_font_draws_what_the_regular_one_draws():
    assert characters_of(FONTS / "PretendardJP-SemiBold.otf") == characters_of(OURS[0])


def test_a_name_has_one_weight():
    assert has_bold("김하늘 Änne")
    assert not has_bold("李伟")  # the first of them would be bold, the second not


def test_arabic_letters_of_one_document_come_from_one_font():
    assert families_for("محمد گلالۍ ٹیپو پور‌چ") == families_for("Kim") == FAMILIES
    assert families_for("محمد ٻ") == tuple(family for family in FAMILIES if family != "Vazirmatn")


def test_each_file_is_the_recorded_one():
    recorded = json.loads((FONTS / "sources.json").read_text(encoding="utf-8"))
    assert set(recorded) == {font.name for font in OURS[1:]}
    for name, source in recorded.items():
        assert hashlib.sha256((FONTS / name).read_bytes()).hexdigest() == source["sha256"]


def test_every_font_has_its_licence():
    license_text = (FONTS / "LICENSE-fallbacks.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in license_text
    for font in OURS[1:]:
        assert f"{font.name}: " in license_text
