"""Which font has a glyph for which character, read from the fonts' character maps. No Django, no Typst."""

import functools
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from jumun.invoices.documents.theme import FONTS

PRIMARY = "Pretendard JP"
# Its letters are single glyphs, so that Arabic text can be searched in the PDF. It covers Arabic, Persian, Urdu, Pashto
# and Kurdish.
ARABIC = "Vazirmatn"
# The layout looks for a glyph in this order: small fonts, which load quickly, before those of Han.
FAMILIES = (
    PRIMARY,
    "Noto Sans",
    ARABIC,
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Kannada",
    "Noto Sans Malayalam",
    "Noto Sans Gujarati",
    "Noto Sans Gurmukhi",
    "Noto Sans Oriya",
    "Noto Sans Sinhala",
    "Noto Sans Khmer",
    "Noto Sans Lao",
    "Noto Sans Myanmar",
    "Noto Sans Georgian",
    "Noto Sans Armenian",
    "Noto Sans Ethiopic",
    "Noto Sans Thaana",
    "Noto Sans NKo",
    "Noto Sans Symbols",
    "Noto Sans Symbols 2",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans TC",
    "Noto Sans KR",
)
ARABIC_LETTER = re.compile("[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f\u0870-\u08c9]")
SUFFIXES = {".otf", ".ttf", ".otc", ".ttc"}
# PDF/A forbids private-use characters, and controls are not text.
NOT_TEXT = {*range(0x20), *range(0x7F, 0xA0), *range(0xE000, 0xF900), *range(0xF0000, 0x110000)}


def families_for(text: str) -> tuple[str, ...]:
    """The font families for a document with `text`.

    Arabic letters join only within one font, so `ARABIC` is used for the whole document or not at all.
    """
    letters = ARABIC_LETTER.findall(text)
    if letters and not characters_of(FONTS / _file_name(ARABIC)).issuperset(letters):
        return tuple(family for family in FAMILIES if family != ARABIC)
    return FAMILIES


def fonts_for(families: tuple[str, ...], folders: tuple[Path, ...]) -> list[Path]:
    """The font files in the order in which the layout looks for a glyph: our `families`, then other folders."""
    ours = (FONTS / _file_name(family) for family in families) if FONTS in folders else ()
    return [*ours, *(font for folder in folders if folder != FONTS for font in fonts_in(folder))]


@functools.cache
def fonts_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES))


def _file_name(family: str) -> str:
    return family.replace(" ", "") + ("-Regular.otf" if family == PRIMARY else "-Regular.ttf")


@functools.cache
def characters_of(font: Path) -> frozenset[str]:
    """Every character for which the file has a glyph; none if it is not an OpenType font, which Typst skips.

    https://learn.microsoft.com/typography/opentype/spec/cmap
    """
    content = font.read_bytes()
    try:
        codes = {code for start in _fonts(content) for code in _mapped(content, start)}
    except struct.error:
        return frozenset()
    return frozenset(map(chr, codes - NOT_TEXT))


def has_bold(text: str) -> bool:
    """Whether all of `text` can be bold: the fallback fonts are regular, and a name should have one weight."""
    return characters_of(FONTS / _file_name(PRIMARY)).issuperset(text)


def _fonts(content: bytes) -> tuple[int, ...]:
    """Where each font of the file begins."""
    if content[:4] != b"ttcf":
        return (0,)
    (count,) = struct.unpack_from(">I", content, 8)
    return struct.unpack_from(f">{count}I", content, 12)


def _mapped(content: bytes, start: int) -> Iterator[int]:
    (tables,) = struct.unpack_from(">H", content, start + 4)
    for table in range(tables):
        tag, _, cmap, _ = struct.unpack_from(">4sIII", content, start + 12 + 16 * table)
        if tag == b"cmap":
            break
    else:
        return
    (maps,) = struct.unpack_from(">H", content, cmap + 2)
    offsets = {}
    for number in range(maps):
        platform, encoding, offset = struct.unpack_from(">HHI", content, cmap + 4 + 8 * number)
        if platform == 0 or (platform == 3 and encoding in {1, 10}):
            offsets[struct.unpack_from(">H", content, cmap + offset)[0]] = cmap + offset
    if 12 in offsets:  # which has all that format 4 has
        yield from _format_12(content, offsets[12])
    elif 4 in offsets:
        yield from _format_4(content, offsets[4])


def _format_4(content: bytes, at: int) -> Iterator[int]:
    """The basic plane: segments, each with a difference to the glyph's number or a list of numbers."""
    count = struct.unpack_from(">H", content, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", content, at + 14)
    starts = struct.unpack_from(f">{count}H", content, at + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", content, at + 16 + 4 * count)
    offsets_at = at + 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", content, offsets_at)
    for segment, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", content, offsets_at + 2 * segment + offset + 2 * (code - first))
                if not glyph:
                    continue
            if (glyph + delta) % 0x10000:
                yield code


def _format_12(content: bytes, at: int) -> Iterator[int]:
    """All planes: groups of code points with consecutive glyphs."""
    (count,) = struct.unpack_from(">I", content, at + 12)
    for group in range(count):
        first, last, glyph = struct.unpack_from(">III", content, at + 16 + 12 * group)
        yield from range(first + (glyph == 0), last + 1)
