"""A document in printable characters: the others are spelled as code points. No Django, no Typst."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from jumun.invoices.documents.document import Document, with_texts
from jumun.invoices.documents.font_characters import characters_of

# Controls, and the Braille pattern without a dot, which looks like a space.
BLANK = re.compile("[\x00-\x1f\x7f-\x9f\u2800]")
# Unicode's Default_Ignorable_Code_Point without the two joiners. They can make a name look empty or like another name,
# and some change the direction of writing.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# ZWNJ and ZWJ change letters in Arabic, N'Ko, the Indic scripts, Burmese and Khmer; elsewhere they are invisible.
JOINERS = "\u200c\u200d"
USELESS_JOINER = re.compile(f"(?<![\u0620-\u07ff\u0860-\u0dff\u1000-\u109f\u1780-\u17ff])[{JOINERS}]")
HALF_WIDTH_MARKS = "\uff9e\uff9f"


def printable(document: Document, fonts: list[Path]) -> Document:
    """`document` with texts that `fonts` can draw; the layout looks for a glyph in their order.

    A character without a glyph becomes its code point, "[U+1F600]". Texts are composed (NFC), white space and control
    characters become one space, and invisible characters are removed.
    """
    changed: Document = with_texts(document, lambda text: printable_text(text, fonts))
    return changed


def printable_text(text: str, fonts: list[Path]) -> str:
    """`text` on one line, in characters that `fonts` can draw."""
    if not (text.isascii() and text.isprintable()):
        text = USELESS_JOINER.sub("", INVISIBLE.sub("", BLANK.sub(" ", text)))
        text = unicodedata.normalize("NFC", text)
    text = " ".join(text.split())
    if characters_of(fonts[0]).issuperset(text):
        return text
    return "".join(_drawn(cluster, fonts) for cluster in _clusters(text))


def _clusters(text: str) -> Iterator[str]:
    """Each letter with its marks, which must come from one font."""
    start = 0
    for end in range(1, len(text)):
        if not _is_mark(text[end]):
            yield text[start:end]
            start = end
    yield text[start:]


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in JOINERS or character in HALF_WIDTH_MARKS


def _drawn(cluster: str, fonts: list[Path]) -> str:
    """The cluster, with the characters spelled that cannot be drawn.

    Typst takes the first font that has the whole cluster. But an earlier font with a mark and not its letter would draw
    the mark, and the letter would be lost without an error.
    """
    letter = cluster[0]
    marks = {mark for mark in cluster[1:] if mark not in JOINERS}
    drawn: set[str] = set()
    lost = False
    for characters in map(characters_of, fonts):
        if letter in characters:
            if marks <= characters and not lost:
                return cluster
            drawn = drawn or {letter, *JOINERS, *(set() if lost else marks & characters)}
        lost = lost or (letter not in characters and not marks.isdisjoint(characters))
    if not drawn:
        return "".join(_spelled(character) for character in cluster if character not in JOINERS)
    return "".join(filter(drawn.__contains__, cluster)) + "".join(
        _spelled(character) for character in cluster if character not in drawn
    )


def _spelled(character: str) -> str:
    return f"[U+{ord(character):04X}]"
