"""Build the fallback fonts of the invoice from packages on npm: Noto Sans and Vazirmatn.

    .venv/bin/python tools/fonts.py          download, cut, write; needs npm and fontTools

The result is the same on every machine. `sources.json` beside the fonts records the version and the SHA-256 of each
source and the SHA-256 of each result; the tool refuses a source that is not the recorded one. To take a new version,
change `VERSIONS` and delete that font's entry.
"""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fontTools
from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parent.parent / "src/jumun/invoices/documents/fonts"
RECORD = FONTS / "sources.json"
PRIMARY = FONTS / "PretendardJP-Regular.otf"
LICENSE = FONTS / "LICENSE-fallbacks.txt"

VAZIRMATN = "Vazirmatn"
# The family's name after "Noto Sans", and the version of its package.
VERSIONS = {
    VAZIRMATN: "0.4.1",
    "": "0.4.2",
    "Arabic": "0.4.3",
    "Armenian": "0.4.2",
    "Bengali": "0.4.4",
    "Devanagari": "0.4.1",
    "Ethiopic": "0.4.2",
    "Georgian": "0.4.3",
    "Gujarati": "0.4.2",
    "Gurmukhi": "0.4.1",
    "Hebrew": "0.4.1",
    "JP": "0.4.3",
    "KR": "0.4.3",
    "Kannada": "0.4.3",
    "Khmer": "0.4.3",
    "Lao": "0.4.2",
    "Malayalam": "0.4.2",
    "Myanmar": "0.4.2",
    "NKo": "0.2.2",
    "Oriya": "0.4.2",
    "SC": "0.4.3",
    "Sinhala": "0.4.2",
    "Symbols": "0.4.1",
    "Symbols2": "0.4.1",
    "TC": "0.4.3",
    "Tamil": "0.4.3",
    "Telugu": "0.4.2",
    "Thaana": "0.4.2",
    "Thai": "0.4.2",
}
PACKAGE_NAMES = {VAZIRMATN: "vazirmatn", "": "noto-sans", "NKo": "noto-sans-n-ko", "Symbols2": "noto-sans-symbols-2"}

# A cluster is drawn by one font. So each font also has what may stand in a cluster with its letters: space, the
# joiners, and the circle that carries a vowel sign without a letter.
IN_EVERY_FONT = {0x20, 0xA0, 0x200C, 0x200D, 0x25CC}
# Of printing, or for text that is set vertically: nothing that the paper needs.
DROPPED_TABLES = ["BASE", "DSIG", "STAT", "VORG", "gasp", "meta", "vhea", "vmtx"]

# In thousandths of the size; see `level`.
RAISED_MIN = 40

URO = range(0x4E00, 0xA000)
COMPATIBILITY = range(0xF900, 0xFB00)
SUPPLEMENTARY = range(0x20000, 0x40000)
# Extension A holds rare characters. These are the ones in China's Table of General Standard Chinese Characters (2013).
GENERAL_STANDARD_EXTENSION_A = (
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃"
    "䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮"
)
JAMO = {*range(0x1100, 0x1200), *range(0x3131, 0x318F), *range(0xA960, 0xA980), *range(0xD7B0, 0xD800)}
SYMBOLS = {*range(0x2010, 0x2C00), *range(0x3000, 0x3040), *range(0x3200, 0x3400)}
HALF_AND_FULL_WIDTH = set(range(0xFE30, 0xFE50)) | set(range(0xFF00, 0xFFF0))


def encoded(codec: str, *, prefix: bytes = b"") -> set[int]:
    """Every character that `codec` writes with two bytes (after `prefix`)."""
    texts = (
        (prefix + bytes((high, low))).decode(codec, "ignore") for high in range(0x81, 0xFF) for low in range(0x40, 0xFF)
    )
    return {ord(text) for text in texts if len(text) == 1 and not text.isascii()}


BIG5 = encoded("big5")
GB2312 = encoded("gb2312")
HONG_KONG = encoded("big5hkscs")
JIS = encoded("euc_jis_2004") | encoded("euc_jis_2004", prefix=b"\x8f")
JAPANESE_ONLY = JIS - BIG5 - GB2312


def is_han(code: int) -> bool:
    return code in URO or code in COMPATIBILITY or code in SUPPLEMENTARY or 0x3400 <= code < 0x4DC0


def category(code: int) -> str:
    return unicodedata.category(chr(code))


def _arabic(code: int) -> bool:
    return code in range(0x600, 0x900) or code in range(0xFB50, 0xFE00) or code in range(0xFE70, 0xFF00)


def _japanese(code: int) -> bool:
    return (code in JAPANESE_ONLY and is_han(code)) or code in COMPATIBILITY or code in SUPPLEMENTARY


def _simplified(code: int) -> bool:
    common = code in URO or code in SUPPLEMENTARY or code in HONG_KONG or chr(code) in GENERAL_STANDARD_EXTENSION_A
    return (is_han(code) and common) or code in SYMBOLS or code in HALF_AND_FULL_WIDTH or 0x3100 <= code < 0x3130


def _european(code: int) -> bool:
    return not 0x530 <= code < 0x1AB0 and code not in range(0xA8E0, 0xA900)


# What a font draws of its source: all where nothing is said. A character that an earlier font has is left out, save
# marks, which must come from the font of their letter.
KEPT: dict[str, Callable[[int], bool]] = {
    VAZIRMATN: _arabic,
    "": _european,
    "JP": _japanese,
    "KR": JAMO.__contains__,
    "SC": _simplified,
    "TC": lambda code: is_han(code) and code in HONG_KONG,
    "Symbols": SYMBOLS.__contains__,
    "Symbols2": SYMBOLS.__contains__,
}
LAST = ("KR", "JP", "SC", "TC", "Symbols", "Symbols2")


def main() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    primary = set(TTFont(PRIMARY).getBestCmap())
    drawn = set(primary)
    copyrights: list[str] = []
    terms = ""
    built = {}
    for name in [VAZIRMATN, *sorted(VERSIONS.keys() - {VAZIRMATN, *LAST}), *LAST]:
        source, license_text = downloaded(name)
        checked(name, source, record.get(file_name(name), {}))
        font = TTFont(io.BytesIO(source), recalcTimestamp=False)
        wanted = {code for code in font.getBestCmap().keys() - primary if KEPT.get(name, bool)(code)}
        kept = {code for code in wanted if category(code)[0] == "M" or (code not in drawn and category(code)[0] != "C")}
        if name != VAZIRMATN:  # Noto Sans Arabic has all of Arabic, for the words with letters that Vazirmatn lacks
            drawn |= kept
        content = cut(font, kept | (IN_EVERY_FONT if name not in LAST else set()))
        (FONTS / file_name(name)).write_bytes(content)
        built[file_name(name)] = {
            "package": package(name),
            "version": VERSIONS[name],
            "source_sha256": hashlib.sha256(source).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        copyrights.append(f"{file_name(name)}: {font['name'].getDebugName(0)}")
        terms = license_text.partition("\n")[2].strip() if license_text else terms
        print(f"{file_name(name):40} {len(kept):6} characters {len(content):9} bytes")
    RECORD.write_text(json.dumps(built, indent=2) + "\n", encoding="utf-8")
    LICENSE.write_text("\n".join(copyrights) + "\n\n" + terms + "\n", encoding="utf-8")
    print(f"fontTools {fontTools.version}")


def package(name: str) -> str:
    return f"@expo-google-fonts/{PACKAGE_NAMES.get(name, f'noto-sans-{name.lower()}')}"


def family(name: str) -> str:
    return name if name == VAZIRMATN else f"NotoSans{name}"


def file_name(name: str) -> str:
    return f"{family(name)}-Regular.ttf"


def downloaded(name: str) -> tuple[bytes, str]:
    """The regular weight in the package, and the text of its licence where the package has one."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{package(name)}@{VERSIONS[name]}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            font = b"".join(_members(archive, f"{family(name)}_400Regular.ttf"))
            return font, b"".join(_members(archive, "LICENSE_FONT")).decode()


def _members(archive: tarfile.TarFile, name: str) -> Iterator[bytes]:
    for member in archive.getmembers():
        if Path(member.name).name == name and (file := archive.extractfile(member)):
            yield file.read()


def checked(name: str, source: bytes, recorded: dict[str, str]) -> None:
    """Stop if the package has changed under its version."""
    is_new = recorded.get("version") != VERSIONS[name]
    if not is_new and recorded["source_sha256"] != hashlib.sha256(source).hexdigest():
        sys.exit(f"{package(name)} {VERSIONS[name]} is not the package that was used before.")


def cut(font: TTFont, codes: set[int]) -> bytes:
    """The font with the glyphs of these characters, and what shaping makes of them; without hinting."""
    options = subset.Options(hinting=False, glyph_names=False, notdef_outline=True)
    options.drop_tables += DROPPED_TABLES
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    level(font)
    content = io.BytesIO()
    font.save(content)
    return content.getvalue()


def level(font: TTFont) -> None:
    """Put marks that stand a hair above or below their usual height at that height.

    Typst writes what is raised as a text of its own, with the characters of the whole cluster, and then a reader of the
    PDF finds and copies these characters twice.
    """
    if "GPOS" not in font:
        return
    raised_min = RAISED_MIN * font["head"].unitsPerEm // 1000
    for lookup in font["GPOS"].table.LookupList.Lookup:
        for subtable in lookup.SubTable:
            table = subtable.ExtSubTable if subtable.LookupType == 9 else subtable
            if table.LookupType in {4, 6}:
                _level_anchors(table, "Base" if table.LookupType == 4 else "Mark2", raised_min)


def _level_anchors(table: Any, below: str, raised_min: int) -> None:
    """`below` is how the names of the fields begin that tell of what carries the marks."""
    marks = table.MarkArray.MarkRecord if below == "Base" else table.Mark1Array.MarkRecord
    carriers = getattr(getattr(table, f"{below}Array"), f"{below}Record")
    for mark_class in range(table.ClassCount):
        own = [mark.MarkAnchor for mark in marks if mark.Class == mark_class]
        if not own:
            continue
        usual = Counter(anchor.YCoordinate for anchor in own).most_common(1)[0][0]
        for anchor in own + [getattr(carrier, f"{below}Anchor")[mark_class] for carrier in carriers]:
            if anchor and abs(anchor.YCoordinate - usual) < raised_min:
                anchor.YCoordinate = usual


if __name__ == "__main__":
    main()
