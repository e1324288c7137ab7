"""From a database value to the text of a cell."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.utils import timezone

from jumun import money
from jumun.exports.columns import Column, Kind
from jumun.exports.formula import guard

# A value and the order's currency make a cell.
Cell = Callable[[Any, str], str]


def cell_of(column: Column, *, for_people: bool) -> Cell:
    """How ``column`` writes its values; words are in the active language ``for_people``, else as they are stored."""
    if column.kind is Kind.WORD:
        return _word(column, for_people=for_people)
    if column.kind is Kind.TIME:
        return _time(timezone.get_default_timezone())
    return _BY_KIND[column.kind]


def _text(value: object, _currency: str) -> str:
    return "" if value is None else str(value)


def _filled_in(value: str | None, _currency: str) -> str:
    return guard(value) if value else ""


def _amount(value: int | None, currency: str) -> str:
    return "" if value is None else f"{money.to_decimal(value, currency):f}"


def _rate(value: int | None, _currency: str) -> str:
    """Parts per million as percent: 75_000 is "7.5"."""
    return "" if value is None else f"{Decimal(value).scaleb(-4).normalize():f}"


def _time(zone: tzinfo) -> Cell:
    def text(value: datetime | None, _currency: str) -> str:
        return "" if value is None else value.astimezone(zone).isoformat(timespec="seconds")

    return text


def _word(column: Column, *, for_people: bool) -> Cell:
    # Put into words now: by the time that a row is read, the request's language is no longer active.
    words = {value: str(word) if for_people else str(value).lower() for value, word in column.words.items()}
    return lambda value, _currency: words[value]


_BY_KIND: dict[Kind, Cell] = {
    Kind.TEXT: _text,
    Kind.FILLED_IN: _filled_in,
    Kind.AMOUNT: _amount,
    Kind.RATE: _rate,
}
