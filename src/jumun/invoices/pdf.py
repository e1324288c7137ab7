"""A document on paper: PDF/A-3a, tagged (PDF/UA-1), the same bytes for the same document in any process. No Django."""

import datetime
import functools
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typst

from jumun.errors import JumunError
from jumun.invoices.document import Document, canonical_json
from jumun.invoices.glyphs import FAMILIES, FONTS, characters_of, families_for, fonts_for
from jumun.invoices.printable import printable
from jumun.invoices.printed import printed

HERE = Path(__file__).parent
PDF_STANDARDS: list[Literal["a-3a", "ua-1"]] = ["a-3a", "ua-1"]


class RenderError(JumunError):
    """The document could not be set: Typst refuses the template, the logo, or a character that no font has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """How a site makes the paper its own. A template cannot read outside its folder; `logo` is an SVG, PNG or JPEG.

    A glyph that the fonts of the first folder lack is taken from those of the next.
    """

    template: Path = HERE / "templates" / "jumun" / "invoice.typ"
    font_folders: tuple[Path, ...] = (FONTS,)
    logo: bytes | None = None
    paper: Literal["a4", "us-letter"] = "a4"


DEFAULT_THEME = Theme()


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
    """The PDF of `document`, as far as the fonts can draw its texts (see `printable`). Raises `RenderError`."""
    families = families_for(canonical_json(document))
    document = printable(document, fonts_for(families, theme.font_folders))
    logo = list(theme.logo) if theme.logo else None
    inputs = {
        "paper": theme.paper,
        "document": json.dumps(printed(document) | {"fonts": families, "logo": logo}, ensure_ascii=False),
    }
    source = theme.template.read_bytes()
    if attached:
        source += ATTACH
        inputs["attached"] = attached.xml.decode()
        inputs["attached-name"], inputs["attached-description"] = attached.name, attached.description
    timestamp = datetime.datetime.combine(document.issued_on, datetime.time(), datetime.UTC)
    return _compile(source, theme.template.parent, theme.font_folders, inputs, timestamp)


def preload() -> None:
    """Load the fonts and what they draw, which the first invoice would have to wait for."""
    _fonts(DEFAULT_THEME.font_folders)
    characters_of(fonts_for(FAMILIES, (FONTS,))[0])


_local = threading.local()


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
        raise RenderError(error.diagnostic) from error
    if not isinstance(pdf, bytes):
        raise RenderError("Typst did not return one PDF.")
    return pdf
