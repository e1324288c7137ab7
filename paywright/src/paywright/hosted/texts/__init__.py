"""The page's words: one JSON file a language, all with the same keys (a test sees to it).

A whole gettext catalogue with its compile step would be more machinery than some 60 sentences need.
"""

import json
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "ko")


@cache
def texts(language: str) -> dict[str, str]:
    """The sentences of one of LANGUAGES; ``{name}`` marks what is filled in."""
    path = Path(__file__).parent / f"{language}.json"
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def choose(locale: str | None, accept_language: str) -> str:
    """Pick the language of a session's ``locale``; ``auto`` or none follows the browser's Accept-Language."""
    if locale not in (None, "auto"):
        return _known(str(locale)) or "en"
    for wanted in _by_preference(accept_language):
        if found := _known(wanted):
            return found
    return "en"


def _known(tag: str) -> str | None:
    primary = tag.split("-", maxsplit=1)[0].lower()
    return primary if primary in LANGUAGES else None


def _by_preference(header: str) -> list[str]:
    weighted = []
    for part in header[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        weighted.append((_quality(parameters), tag.strip()))
    return [tag for quality, tag in sorted(weighted, key=lambda pair: -pair[0]) if quality > 0]


def _quality(parameters: str) -> float:
    try:
        return float(parameters.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0
