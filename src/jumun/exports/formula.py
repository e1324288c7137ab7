"""The formula guard: text that people filled in must not become a formula in the reader's spreadsheet.

Why it is as it is: docs/decisions/0010-csv-cells.md. Source of the trigger characters: OWASP, "CSV Injection"
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

import re

GUARD = "'"

# Invisible characters before the trigger do not help an attacker: a spreadsheet may trim them.
_BLANK = r"[\s\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*"
# ASCII, full-width (read as the ASCII ones by spreadsheets set to Japanese, Chinese or Korean) and their small forms.
_TRIGGER = r"[\t\r\n=+\-@＝＋－＠﹦﹢﹣﹫]"
_DANGEROUS = re.compile(rf"'|{_BLANK}{_TRIGGER}")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def guard(text: str) -> str:
    """``text`` as a cell: with an apostrophe before it where a spreadsheet could take it for a formula.

    A cell that is a plain signed number ("-12.50", "+821012345678") stays as it is, since a number is no formula. Text
    that begins with an apostrophe gets another one, so that `unguard` restores every text.
    """
    if _DANGEROUS.match(text) and not _NUMBER.fullmatch(text):
        return GUARD + text
    return text


def unguard(cell: str) -> str:
    """The text that `guard` made into ``cell``."""
    return cell.removeprefix(GUARD)
