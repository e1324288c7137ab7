"""What the commands print: in the terminal's language, and in columns."""

import gettext
import unicodedata
from pathlib import Path

# The shop's own catalogue, read without starting Django. The language comes from LANGUAGE, LC_ALL, LC_MESSAGES or LANG.
_catalogue = gettext.translation("django", Path(__file__).parent / "locale", fallback=True)
_ = _catalogue.gettext
# What a browser in this terminal's language asks pages for.
LANGUAGE = _catalogue.info().get("language", "en")


def gettext_noop(text: str) -> str:
    """Mark a text that is translated when it is shown."""
    return text


def width(text: str) -> int:
    """The columns that the text takes: two for a Korean letter."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def padded(text: str, to: int) -> str:
    return text + " " * (to - width(text))
