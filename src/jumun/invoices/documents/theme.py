"""How a PDF looks: the template, the fonts, the logo and the paper. No Django, no PDF engine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
TEMPLATES = HERE / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """How a site's documents look. A template cannot read outside its folder; `logo` is an SVG, PNG or JPEG.

    Glyphs that the first font folder lacks come from the next.
    """

    template: Path = TEMPLATES / "invoice.typ"
    font_folders: tuple[Path, ...] = (FONTS,)
    logo: bytes | None = None
    paper: Literal["a4", "us-letter"] = "a4"


DEFAULT_THEME = Theme()
