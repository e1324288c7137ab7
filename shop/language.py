"""What the commands say, in the language of the terminal: the shop's own catalogue, read without starting Django."""

import gettext
from pathlib import Path

# The language comes from LANGUAGE, LC_ALL, LC_MESSAGES or LANG, as for every other command-line tool.
_catalogue = gettext.translation("django", Path(__file__).parent / "locale", fallback=True)

_ = _catalogue.gettext


def gettext_noop(text: str) -> str:
    """The text as it is; marks it as one that is translated when it is shown."""
    return text


# What a browser in this terminal's language would ask pages for.
LANGUAGE = _catalogue.info().get("language", "en")
