"""The PDF of a document: in the site's layout or, if that cannot set a text, in a plain one. No Django."""

import re
from dataclasses import dataclass, replace
from typing import Literal, assert_never, get_args

from jumun.invoices.documents.document import Document, with_texts
from jumun.invoices.documents.render_errors import EngineDied, MissingGlyph, RenderError, RendererUnavailable
from jumun.invoices.documents.renderer import Renderer, renderer
from jumun.invoices.documents.theme import FONTS, TEMPLATES, Theme

# The site's template; our template without wrapping or measuring; the latter with unusual letters as code points.
Layout = Literal["site", "plain", "spelled"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
PLAIN_TEMPLATE = TEMPLATES / "plain_invoice.typ"
# Not ASCII, Latin or Hangul. The soft hyphen (U+00AD) is invisible.
NOT_PLAIN = re.compile("[^\x20-\x7e\u00a1-\u00ac\u00ae-\u017f\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePdf:
    """A PDF and its layout; `reason` says why that is not the site's."""

    content: bytes
    layout: Layout
    reason: str = ""


def make_pdf(document: Document, theme: Theme, *, using: Renderer = renderer) -> MadePdf:
    """The PDF of `document` in the first layout that works.

    Raises `RenderError` if the theme is broken, which another layout must not hide; `RendererUnavailable` if nothing
    could be rendered; `EngineDied` or `MissingGlyph` if the plainest layout fails too.
    """
    reason = ""
    for layout in LAYOUTS:
        try:
            return MadePdf(content=render_as(document, theme, layout, using=using), layout=layout, reason=reason)
        except RendererUnavailable:
            raise
        except RenderError as error:
            if layout == LAYOUTS[-1] or (layout == "site" and _is_of_theme(error, document, theme, using)):
                raise
            # For a log: other messages of the engine can quote a customer's text.
            reason = reason or (str(error) if isinstance(error, EngineDied) else type(error).__name__)
    raise AssertionError


def render_as(document: Document, theme: Theme, layout: Layout, *, using: Renderer = renderer) -> bytes:
    """The PDF of `document` in `layout`. Raises `RenderError`."""
    match layout:
        case "site":
            return using.render(document, theme)
        case "plain":
            return using.render(document, replace(theme, template=PLAIN_TEMPLATE, logo=None))
        case "spelled":
            plainest = replace(theme, template=PLAIN_TEMPLATE, logo=None, font_folders=(FONTS,))
            return using.render(document, plainest, printed_as=spelled_out(document))
        case _:
            assert_never(layout)


def spelled_out(document: Document) -> Document:
    """`document` with its unusual characters as code points: "[U+0E01]"."""
    spelled: Document = with_texts(document, lambda text: NOT_PLAIN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text))
    return spelled


def _is_of_theme(error: RenderError, document: Document, theme: Theme, using: Renderer) -> bool:
    """Whether the theme fails, not a text: it cannot set the document with spelled texts either."""
    if isinstance(error, EngineDied | MissingGlyph):
        return False
    try:
        using.render(document, theme, printed_as=spelled_out(document))
    except RendererUnavailable:
        raise
    except RenderError:
        return True
    return False
