"""How the numbers of documents look: ``INV-2026-000123``, and ``TEST-INV-2026-000001`` for Stripe's test payments."""

import re

# Documents of test payments have series of their own, so that trying the shop out uses up no real number.
TEST_PREFIX = "TEST-"
# What every accounting program, file system and URL takes as it is.
PREFIX = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
PREFIX_MAX_CHARS = 15
SELLER_CODE = re.compile(r"[A-Z0-9]{0,10}")


def series_prefix(prefix: str, *, seller_code: str, livemode: bool) -> str:
    """The prefix of the series that counts a seller's documents: ``INV``, ``SEOUL-INV``, for tests ``TEST-INV``."""
    own = f"{seller_code}-{prefix}" if seller_code else prefix
    return own if livemode else TEST_PREFIX + own


def document_number(prefix: str, year: int, number: int) -> str:
    """The number in full. Six digits keep a year's documents in order when sorted as text; a seventh does no harm."""
    return f"{prefix}-{year}-{number:06d}"


def is_test(document_number: str) -> bool:
    """Whether the document stands for no real money."""
    return document_number.startswith(TEST_PREFIX)
