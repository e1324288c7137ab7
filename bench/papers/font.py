"""Our font with TrueType outlines, for peers that cannot embed PostScript's: the same shapes, made by fontTools.

Only the characters of Korean text and ASCII are in it, which makes it quicker to load than the whole font: in favour of
the peers.
"""

from pathlib import Path
from typing import Any

from jumun.invoices.theme import FONTS

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
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import TTFont

    font: Any = TTFont(FONTS / "PretendardJP-Regular.otf")
    shapes, known, outlines = font.getGlyphSet(), font.getBestCmap(), {}
    names = {ord(character): known[ord(character)] for character in CHARACTERS}
    for name in (".notdef", *names.values()):
        pen = TTGlyphPen(shapes)
        shapes[name].draw(Cu2QuPen(pen, MAX_ERROR_UNITS, reverse_direction=True))
        outlines[name] = pen.glyph()
    made = FontBuilder(font["head"].unitsPerEm, isTTF=True)
    made.setupGlyphOrder(list(outlines))
    made.setupCharacterMap(names)
    made.setupGlyf(outlines)
    made.setupHorizontalMetrics({name: font["hmtx"][name] for name in outlines})
    made.setupHorizontalHeader(ascent=font["hhea"].ascent, descent=font["hhea"].descent)
    made.setupNameTable({"familyName": "Pretendard", "styleName": "Regular", "psName": "Pretendard-Regular"})
    made.setupOS2()
    made.setupPost(keepGlyphNames=False)
    made.save(path)
