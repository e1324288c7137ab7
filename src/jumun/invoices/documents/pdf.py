"""A document as PDF: PDF/A-3a, tagged (PDF/UA-1), with the same bytes in every process. No Django."""

import datetime
import functools
import json
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typst

from jumun.invoices.documents.document import Document, canonical_json
from jumun.invoices.documents.font_characters import families_for, fonts_for
from jumun.invoices.documents.missing_glyphs import printable
from jumun.invoices.documents.printed import printed
from jumun.invoices.documents.render_errors import MissingGlyph, RenderError
from jumun.invoices.documents.theme import DEFAULT_THEME, Theme

PDF_STANDARDS: list[Literal["a-3a", "ua-1"]] = ["a-3a", "ua-1"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """The PDF's alternative representation: XML in UTF-8."""

    name: str
    description: str
    xml: bytes


# Appended to the template, so that a site's own template need not know it.
ATTACH = b"""
#pdf.attach(
  sys.inputs.attached-name, bytes(sys.inputs.attached), description: sys.inputs.attached-description,
  mime-type: "text/xml", relationship: "alternative",
)
"""


def render(document: Document, *, theme: Theme = DEFAULT_THEME, attached: Attachment | None = None) -> bytes:
    """The PDF of `document`, with the characters that the fonts can draw (see `printable`). Raises `RenderError`.

    Runs in this process, where Typst can also panic, abort or never end. `make_pdf` renders in a child process.
    """
    families = families_for(canonical_json(document))
    fonts = fonts_for(families, theme.font_folders)
    if not fonts:
        raise RenderError("There is no font in the folders of the theme.")
    document = printable(document, fonts)
    logo = list(theme.logo) if theme.logo else None
    inputs = {
        "paper": theme.paper,
        "document": json.dumps(printed(document) | {"fonts": families, "logo": logo}, ensure_ascii=False),
    }
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


_local = threading.local()
_GLYPH_ERROR = re.compile(r'the (?:text|PDF contains the codepoint) `"(.+?)"`')
_RUST_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")


@functools.cache
def _fonts(folders: tuple[Path, ...]) -> typst.Fonts:
    # Neither the machine's fonts nor Typst's own, which differ between machines and versions.
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))


def _compiler(root: Path, folders: tuple[Path, ...]) -> typst.Compiler:
    """One for each thread: a Compiler shared by two threads raises "Already borrowed"."""
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


def _glyph_errors(diagnostic: str) -> str:
    # PDF/A forbids the glyph ".notdef" and private-use characters, so Typst reports every character without a glyph.
    texts = (_RUST_ESCAPE.sub(_unescaped, text) for text in _GLYPH_ERROR.findall(diagnostic))
    return "".join(sorted(set("".join(texts))))


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]
