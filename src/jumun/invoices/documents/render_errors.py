"""Why a PDF could not be made. No Django.

RenderError                   the template, the logo or a text cannot be set
├── MissingGlyph              no font draws some of the characters
├── EngineDied                the engine panicked, aborted, grew too large or took too long
└── RendererUnavailable       the engine did not start, or is busy: nothing was rendered
"""

from jumun.errors import JumunError


class RenderError(JumunError):
    """The PDF could not be made. The message is for staff."""


class MissingGlyph(RenderError):
    """Characters that none of the fonts can draw. PDF/A forbids to leave them blank."""

    def __init__(self, characters: str) -> None:
        names = ", ".join(f"{character} (U+{ord(character):04X})" for character in characters)
        super().__init__(f"No font has a glyph for {names}.")
        self.characters = characters


class EngineDied(RenderError):
    """The engine's process ended, or had to be ended, while it worked on this document."""

    retryable = True


class RendererUnavailable(RenderError):
    """No process was free or could be started. This document is not the cause."""

    retryable = True
