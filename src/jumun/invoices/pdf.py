"""A document on paper: PDF/A-3a, tagged (PDF/UA-1), the same bytes for the same document in any process. No Django."""

import datetime
import functools
import json
import re
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typst

from jumun.invoices.document import Document, with_texts
from jumun.invoices.printed import printed
from jumun.invoices.render_errors import MissingGlyph, RenderError
from jumun.invoices.theme import DEFAULT_THEME, HERE, Theme

# What Unicode calls Default_Ignorable_Code_Point and does not class as a format character (Cf): the Hangul fillers,
# with which a name can look empty, and the variation selectors.
INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
PDF_STANDARDS: list[Literal["a-3a", "ua-1"]] = ["a-3a", "ua-1"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """What `render` puts into the PDF as the paper's alternative representation: XML in UTF-8."""

    name: str
    description: str
    xml: bytes


# Follows the template, so that one of a site need not know of it.
ATTACH = b"""
#pdf.attach(
  sys.inputs.attached-name, bytes(sys.inputs.attached), description: sys.inputs.attached-description,
  mime-type: "text/xml", relationship: "alternative",
)
"""


def render(document: Document, *, theme: Theme = DEFAULT_THEME, attached: Attachment | None = None) -> bytes:
    """The PDF of `document`. Raises `RenderError` for a template or a logo that Typst refuses.

    In this process: Typst can also panic, abort or never end. `make_pdf` renders in a child process.
    """
    document = printable(document, theme=theme)
    logo = list(theme.logo) if theme.logo else None
    inputs = {"paper": theme.paper, "document": json.dumps(printed(document) | {"logo": logo}, ensure_ascii=False)}
    try:
        source = theme.template.read_bytes()
    except OSError as error:
        raise RenderError(f"The template {theme.template} cannot be read: {error.strerror}.") from error
    if attached:
        source += ATTACH
        inputs["attached"] = attached.xml.decode()
        inputs["attached-name"], inputs["attached-description"] = attached.name, attached.description
    timestamp = datetime.datetime.combine(document.issued_on, datetime.time(), datetime.UTC)
    return _compile(source, theme.template.parent, theme.font_folders, inputs, timestamp)


def printable(document: Document, *, theme: Theme = DEFAULT_THEME) -> Document:
    """`document` with every text such that Typst can set it, for the paper only.

    A character that no font has becomes its code point, "[U+1F600]": visible, and nobody is denied an invoice for a
    name. Text is composed (NFC), white space and control characters become one space, invisible ones go.
    """
    characters: set[str] = set()

    def clean(text: str) -> str:
        cleaned = _clean(text)
        characters.update(cleaned)
        return cleaned

    def spell_out(text: str) -> str:
        return "".join(_code_point(character) if character in missing else character for character in text)

    cleaned: Document = with_texts(document, clean)
    missing = _missing_glyphs(characters, theme.font_folders)
    spelled_out: Document = with_texts(cleaned, spell_out) if missing else cleaned
    return spelled_out


_local = threading.local()
_GLYPH_ERROR = re.compile(r'the (?:text|PDF contains the codepoint) `"(.+?)"`')
_RUST_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")


@functools.cache
def _fonts(folders: tuple[Path, ...]) -> typst.Fonts:
    # Neither the machine's fonts nor Typst's own: they differ from machine to machine and from version to version.
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))


def _compiler(root: Path, folders: tuple[Path, ...]) -> typst.Compiler:
    """This thread's own: a Compiler shared by two threads raises "Already borrowed"."""
    compilers = _local.__dict__.setdefault("compilers", {})
    key = (root, folders)
    if key not in compilers:
        compilers[key] = typst.Compiler(root=root, font_paths=_fonts(folders))
    compiler: typst.Compiler = compilers[key]
    return compiler


def _compile(
    source: bytes, root: Path, folders: tuple[Path, ...], inputs: dict[str, str], timestamp: datetime.datetime
) -> bytes:
    try:
        pdf = _compiler(root, folders).compile(
            source, format="pdf", sys_inputs=inputs, pdf_standards=[*PDF_STANDARDS], timestamp=timestamp
        )
    except typst.TypstError as error:
        missing = _glyph_errors(error.diagnostic)
        raise (MissingGlyph(missing) if missing else RenderError(error.diagnostic)) from error
    if not isinstance(pdf, bytes):
        raise RenderError("Typst did not return one PDF.")
    return pdf


# What the fonts are known to draw. The question costs some milliseconds, and most
# names are written with characters that an earlier name had. It never holds more than the fonts do.
_drawable: dict[tuple[Path, ...], frozenset[str]] = {}


def _missing_glyphs(characters: set[str], folders: tuple[Path, ...]) -> str:
    known = _drawable.get(folders, frozenset())
    unknown = characters - known
    missing = _refused_glyphs(unknown, folders) if unknown else ""
    # A new set each time, so that threads need no lock; at worst one of them asks again.
    _drawable[folders] = known | unknown.difference(missing)
    return missing


def _refused_glyphs(characters: set[str], folders: tuple[Path, ...]) -> str:
    data = json.dumps({"families": _fonts(folders).families(), "characters": sorted(characters)}, ensure_ascii=False)
    try:
        epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
        _compile((HERE / "glyphs.typ").read_bytes(), HERE, folders, {"document": data}, epoch)
    except MissingGlyph as error:
        return error.characters
    return ""


def _clean(text: str) -> str:
    """`text` composed, on one line, without what has no shape of its own (or turns the direction of writing)."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", "".join(map(_shape, text)))
    return " ".join(composed.split())


@functools.lru_cache(maxsize=4096)
def _shape(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    if category == "Cs":  # half a character, which UTF-8 cannot hold
        return _code_point(character)
    return "" if category == "Cf" or INVISIBLE.match(character) else character


def _code_point(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _glyph_errors(diagnostic: str) -> str:
    # PDF/A forbids the glyph ".notdef" (and code points for private use), so Typst itself reports every character
    # that a blank would stand for.
    texts = (_RUST_ESCAPE.sub(_unescaped, text) for text in _GLYPH_ERROR.findall(diagnostic))
    return "".join(sorted(set("".join(texts))))


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]
