"""The formula guard: text that people filled in must not become a formula in the reader's spreadsheet.

Why it is as it is: docs/decisions/0010-csv-cells.md. Source of the trigger characters: OWASP, "CSV Injection"
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

import re

GUARD = "'"

# The inside of a character class that Python and PostgreSQL read alike: characters and ranges, nothing by name.
# Invisible characters before the trigger do not help an attacker: a spreadsheet may trim them.
_BLANKS = (
    "\x01-\x20\x7f-\xa0\N{SOFT HYPHEN}\N{OGHAM SPACE MARK}\N{EN QUAD}-\N{RIGHT-TO-LEFT MARK}"
    "\N{LINE SEPARATOR}-\N{NARROW NO-BREAK SPACE}\N{MEDIUM MATHEMATICAL SPACE}-\N{NOMINAL DIGIT SHAPES}"
    "\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"
)
# ASCII, full-width (read as the ASCII ones by spreadsheets set to Japanese, Chinese or Korean) and their small forms.
_TRIGGERS = "\t\r\n=+@＝＋－＠﹦﹢﹣﹫-"
_BEGINNING = f"(?:'|[{_BLANKS}]*[{_TRIGGERS}])"
_SIGNED = r"[+-]?[0-9]+(?:\.[0-9]+)?"
DANGEROUS = f"^{_BEGINNING}"
NUMBER = f"^{_SIGNED}$"

# NUL, which no PostgreSQL text can hold, is one more blank.
_dangerous = re.compile(DANGEROUS.replace("\x01", "\x00", 1))
_number = re.compile(rf"{_SIGNED}\Z")


def guard(text: str) -> str:
    """``text`` as a cell: with an apostrophe before it where a spreadsheet could take it for a formula.

    A cell that is a plain signed number ("-12.50", "+821012345678") stays as it is, since a number is no formula. Text
    that begins with an apostrophe gets another one, so that `unguard` restores every text.
    """
    if _dangerous.match(text) and not _number.match(text):
        return GUARD + text
    return text


def unguard(cell: str) -> str:
    """The text that `guard` made into ``cell``."""
    return cell.removeprefix(GUARD)
