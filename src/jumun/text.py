"""Rules for text that people type: what is stored, what counts as blank, and how codes are written. No Django.

Names are kept as they were typed, only composed (NFC), so that equal names are equal strings and a search finds them.
NFKC is not used for names: it would turn "㈜" into "(주)".
"""

import unicodedata

# The categories of Unicode whose characters show nothing by themselves: separators, marks, controls, format characters
# and surrogates.
_INVISIBLE_CATEGORIES = frozenset("Zs Zl Zp Mn Mc Me Cc Cf Cs".split())
# Letters and symbols that show nothing all the same: the fillers of Hangul and other characters with the property
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt), the empty Braille pattern, and the null notehead.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")
# Unassigned code points with that property.
_IGNORABLE_RANGES = ((0x2065, 0x2065), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))
# White space, and what a copied text brings along at its ends: zero width space, word joiner, byte order mark.
_EDGES = " \n\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200C))) + "\u202f\u205f\u2060\u3000\ufeff"
# The full-width forms of ASCII (U+FF01 to U+FF5E) and the ideographic space.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
# Signs written for a hyphen that are not dashes in Unicode: the minus sign and the long-vowel mark of Japanese.
_HYPHENS = frozenset("\u2212\u30fc\uff70")


def is_damaged(text: str) -> bool:
    """Whether it holds NUL or half of a surrogate pair. PostgreSQL stores neither, and nobody types them."""
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen."""
    return not any(map(_is_visible, text))


def normalized(text: str, *, keep_lines: bool = False) -> str:
    """The text as it is stored and searched: composed (NFC), stripped, without control characters; "" if it is blank.

    Line breaks become spaces, or "\\n" with ``keep_lines``; tabs become spaces.
    """
    if not text.isprintable():
        lines = text.splitlines()
        text = ("\n" if keep_lines else " ").join(map(_without_controls, lines))
    text = unicodedata.normalize("NFC", text).strip(_EDGES)
    return "" if is_blank(text) else text


def half_width(text: str) -> str:
    """The text with full-width letters, digits and signs, as East Asian keyboards write them, in ASCII."""
    return text.translate(_HALF_WIDTH)


def code(text: str) -> str:
    """A postal code, telephone number or other code as an ASCII keyboard writes it.

    Digits of every script, full-width letters and every kind of dash become ASCII; invisible characters are left out.
    """
    return normalized("".join(map(_code_character, half_width(normalized(text)))))


def _is_visible(character: str) -> bool:
    if "!" <= character <= "~":
        return True
    category = unicodedata.category(character)
    if category == "Cn":
        return not (_is_noncharacter(character) or _is_ignorable(character))
    return category not in _INVISIBLE_CATEGORIES and character not in _INVISIBLE


def _is_noncharacter(character: str) -> bool:
    point = ord(character)
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE


def _is_ignorable(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _IGNORABLE_RANGES)


def _without_controls(line: str) -> str:
    return "".join(character for character in line.replace("\t", " ") if _is_text(character))


def _is_text(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs"} and not _is_noncharacter(character)


def _code_character(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character in _HYPHENS:
        return "-"
    if category == "Zs":
        return " "
    return "" if category == "Cf" else character
