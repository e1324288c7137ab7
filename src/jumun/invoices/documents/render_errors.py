"""Why a PDF could not be made. No Django.

RenderError                   the template, the logo or a text does not compile
├── MissingGlyph              no font has a glyph for some characters
├── EngineDied                the engine panicked, aborted, used too much memory or took too long
└── RendererUnavailable       the engine did not start or is busy; nothing was rendered
"""

from jumun.errors import JumunError


class RenderError(JumunError):
    """The PDF could not be made. The message is for staff."""


class MissingGlyph(RenderError):
    """No font has a glyph for some characters, and PDF/A forbids to leave them blank."""

    def __init__(self, characters: str) -> None:
        names = ", ".join(f"{character} (U+{ord(character):04X})" for character in characters)
        super().__init__(f"No font has a glyph for {names}.")
        self.characters = characters


class EngineDied(RenderError):
    """The engine's process ended, or was ended, while it rendered this document."""

    retryable = True


class RendererUnavailable(RenderError):
    """No process was free or could be started. The document is not the cause."""

    retryable = True
