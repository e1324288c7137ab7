"""Document numbers: ``INV-2026-000123``, and ``TEST-INV-2026-000001`` for Stripe's test payments."""

import re

# Test payments have their own series, so that they use up no real numbers.
TEST_PREFIX = "TEST-"
# Valid in every accounting program, file system and URL.
PREFIX = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
PREFIX_MAX_CHARS = 15
_NUMBER = re.compile(rf"(?P<series>{PREFIX.pattern}-[0-9]{{4}})-(?P<number>[0-9]{{6,18}})(?![0-9])")
_YEAR = re.compile(r"[0-9]{4}")
# The largest step of a series: PostgreSQL stores it in 32 bits.
NUMBER_MAX = 2_000_000_000
SELLER_CODE = re.compile(r"[A-Z0-9]{0,10}")


def series_prefix(prefix: str, *, seller_code: str, livemode: bool) -> str:
    """The prefix of the series that counts a seller's documents: ``INV``, ``SEOUL-INV``, for tests ``TEST-INV``."""
    own = f"{seller_code}-{prefix}" if seller_code else prefix
    return own if livemode else TEST_PREFIX + own


def document_number(prefix: str, year: int, number: int) -> str:
    """The full number. Six digits keep a year's documents in order when sorted as text; a seventh does no harm."""
    return f"{prefix}-{year}-{number:06d}"


def is_test(document_number: str) -> bool:
    """Whether a document, or a series, belongs to test payments."""
    return document_number.startswith(TEST_PREFIX)


def parse_number(text: str) -> tuple[str, int]:
    """The series and the number that a text begins with: ``("INV-2026", 123)`` of ``INV-2026-000123.pdf``.

    Raises `ValueError` for any other text.
    """
    found = _NUMBER.match(text)
    if found is None:
        raise ValueError(f"{text!r} is not a document number")
    return found["series"], int(found["number"])


def parse_series(text: str, *, year: int) -> tuple[str, int]:
    """Prefix and year of a series as a person types it: ``INV-2025``, or ``INV`` for the series of ``year``.

    Raises `ValueError`.
    """
    prefix, _dash, named_year = text.rpartition("-")
    if not (_YEAR.fullmatch(named_year) and prefix):
        prefix, named_year = text, str(year)
    if not PREFIX.fullmatch(prefix):
        raise ValueError(f"{text!r} is not a number series such as INV or INV-{year}")
    return prefix, int(named_year)
