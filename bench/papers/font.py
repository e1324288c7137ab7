"""Our font with TrueType outlines, for peers that cannot embed PostScript's: the same shapes, made by fontTools.

Only the characters of Korean text and ASCII are in it, which makes it quicker to load than the whole font: in favour of
the peers.
"""

from pathlib import Path
from typing import Any

from bench.row import PeerMissing
from jumun.invoices.documents.theme import FONTS

# The 2,350 syllables of KS X 1001, with ASCII and signs.
HANGUL = "".join(bytes((lead, trail)).decode("euc_kr") for lead in range(0xB0, 0xC9) for trail in range(0xA1, 0xFF))
CHARACTERS = "".join(map(chr, range(0x20, 0x7F))) + "₩•·" + HANGUL
MAX_ERROR_UNITS = 1.0


def truetype(folder: Path) -> Path:
    """The file of the regular weight, made in ``folder`` unless it is there."""
    path = folder / "PretendardJP-Regular.ttf"
    if not path.exists():
        _make(path)
    return path


def _make(path: Path) -> None:
    try:
        from fontTools import subset
        from fontTools.ttLib import TTFont
    except ImportError as error:
        raise PeerMissing("no fontTools") from error
    options = subset.Options(layout_features=[], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    font: Any = TTFont(FONTS / "PretendardJP-Regular.otf")
    subsetter.subset(font)
    _to_quadratic(font)
    font.save(path)


def _to_quadratic(font: Any) -> None:
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable

    glyphs, shapes = font.getGlyphSet(), {}
    for name in font.getGlyphOrder():
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, MAX_ERROR_UNITS, reverse_direction=True))
        shapes[name] = pen.glyph()
    glyf = font["glyf"] = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = font.getGlyphOrder(), shapes
    font["loca"] = newTable("loca")
    del font["CFF "]
    maxp = font["maxp"]
    maxp.tableVersion, maxp.numGlyphs = 0x00010000, len(shapes)
    for zero in (
        *("maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements"),
        *("maxSizeOfInstructions", "maxPoints", "maxContours", "maxCompositePoints", "maxCompositeContours"),
        *("maxComponentElements", "maxComponentDepth"),
    ):
        setattr(maxp, zero, 0)
    maxp.maxZones = 1
    font["post"].formatType = 3.0
    font.sfntVersion = "\0\1\0\0"
