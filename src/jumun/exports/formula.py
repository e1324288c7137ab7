"""The formula guard: text that people typed must not become a formula in the reader's spreadsheet.

The reasons are in docs/decisions/0010-csv-cells.md. The trigger characters come from OWASP, "CSV Injection"
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

import re

GUARD = "'"

# The inside of a character class, written so that Python and PostgreSQL read it alike. Spreadsheets may trim invisible
# characters, so they may stand before a trigger.
_BLANKS = (
    "\x01-\x20\x7f-\xa0\N{SOFT HYPHEN}\N{OGHAM SPACE MARK}\N{EN QUAD}-\N{RIGHT-TO-LEFT MARK}"
    "\N{LINE SEPARATOR}-\N{NARROW NO-BREAK SPACE}\N{MEDIUM MATHEMATICAL SPACE}-\N{NOMINAL DIGIT SHAPES}"
    "\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"
)
# ASCII, full-width and small forms: spreadsheets set to Japanese, Chinese or Korean read them all alike.
_TRIGGERS = "\t\r\n=+@＝＋－＠﹦﹢﹣﹫-"
_BEGINNING = f"(?:'|[{_BLANKS}]*[{_TRIGGERS}])"
_SIGNED = r"[+-]?[0-9]+(?:\.[0-9]+)?"
DANGEROUS = f"^{_BEGINNING}"
NUMBER = f"^{_SIGNED}$"

# In Python, NUL is a blank too; PostgreSQL's texts cannot hold it.
_dangerous = re.compile(DANGEROUS.replace("\x01", "\x00", 1))
_number = re.compile(rf"{_SIGNED}\Z")


def guard(text: str) -> str:
    """``text`` as a cell: with an apostrophe before it if a spreadsheet could read it as a formula.

    A plain signed number ("-12.50", "+821012345678") is not a formula and stays as it is. Text that begins with an
    apostrophe gets another one, so that `unguard` restores every text.
    """
    if _dangerous.match(text) and not _number.match(text):
        return GUARD + text
    return text


def unguard(cell: str) -> str:
    """The text from which `guard` made ``cell``."""
    return cell.removeprefix(GUARD)
