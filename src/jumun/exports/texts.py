"""From stored values to the texts of their cells, in Python: a column of some rows at a time, with the quotes of CSV.

What is true of almost every value, that it needs neither guard nor quotes, is asked of all at once. NULL is an empty
cell. `cells` does the same in SQL for PostgreSQL.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils import timezone

from jumun import money
from jumun.exports.columns import Column, Kind
from jumun.exports.formula import guard_all
from jumun.exports.moments import iso_8601

Values = Sequence[Any]
Texts = Sequence[str]

QUOTED = ",", '"', "\r", "\n"
_to_be_quoted = re.compile(f"[{''.join(QUOTED)}]")

_WHOLE = money.ZERO_DECIMAL | money.WHOLE_IN_HUNDREDTHS


def texts(column: Column, values: Values, currencies: Texts) -> Texts:
    """The cells of ``column`` in rows that hold ``values`` there; ``currencies`` are those of their orders."""
    if column.kind is Kind.WORD:
        return _words(column, values)
    if column.kind is Kind.AMOUNT:
        return _amounts(values, currencies)
    return _BY_KIND[column.kind](values)


def quote_all(given: Texts) -> Texts:
    """Each as CSV has it (RFC 4180): in quotes where it holds a comma, a quote or an end of line."""
    together = "".join(given)
    if not any(mark in together for mark in QUOTED):
        return given
    return [_quoted(text) if _to_be_quoted.search(text) else text for text in given]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _codes(values: Values) -> Texts:
    return quote_all(["" if value is None else str(value) for value in values])


def _filled_in(values: Values) -> Texts:
    return quote_all(guard_all([value or "" for value in values]))


def _words(column: Column, values: Values) -> Texts:
    words = dict(zip(column.words, quote_all([str(word) for word in column.words.values()]), strict=True))
    return [words[value] if value in words else _filled_in([value])[0] for value in values]


def _times(values: Values) -> Texts:
    return iso_8601(values, timezone.get_default_timezone())


def _amounts(values: Values, currencies: Texts) -> Texts:
    """Minor units as numbers with their currency's decimals."""
    return [
        "" if minor is None else str(minor) if currency in _WHOLE else _decimal(minor, currency)
        for minor, currency in zip(values, currencies, strict=True)
    ]


def _decimal(minor: int, currency: str) -> str:
    decimals = 3 if currency in money.THREE_DECIMAL else 2
    digits = str(minor).zfill(decimals + 1 + (minor < 0))
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


def _rates(values: Values) -> Texts:
    return ["" if value is None else _percent(value) for value in values]


@lru_cache(256)
def _percent(ppm: int) -> str:
    """Parts per million as percent: 75_000 is 7.5."""
    return f"{Decimal(ppm).scaleb(-4).normalize():f}"


_BY_KIND: dict[Kind, Callable[[Values], Texts]] = {
    Kind.CODE: _codes,
    Kind.FILLED_IN: _filled_in,
    Kind.PHONE: _filled_in,
    Kind.TIME: _times,
    Kind.RATE: _rates,
}
