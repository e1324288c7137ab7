"""The kinds of columns, and how their values become cells.

Each kind makes cells in SQL for PostgreSQL, where COPY writes the file, and in Python for SQLite. SQLite computes in
the thread of the request, where a list in Python is cheaper than functions in SQL. COPY and Python's `csv` add the
quotes and write NULL as an empty cell.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, Self

from django.db.models import Case, Expression, F, Func, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.functional import Promise

from jumun import money
from jumun.conf import jumun
from jumun.exports.formula import DANGEROUS, NUMBER, guard

Source = str | Combinable
Values = Sequence[Any]

# Ranges of code points with which almost every text begins and no formula does: ASCII from A, Hangul, ASCII 0 to <.
_HARMLESS = ((65, 126), (0xAC00, 0xD7A3), (48, 60))
_WHOLE = money.ZERO_DECIMAL | money.WHOLE_IN_HUNDREDTHS
HOURS_REMEMBERED = 4096
# Where the hour and the second end in a time as SQLite stores it, in UTC: "2026-11-23 15:30:09.123456".
HOUR_END, SECOND_END = len("2026-11-23 15"), len("2026-11-23 15:30:09")


class Kind(ABC):
    """What the values of a column are."""

    @abstractmethod
    def sql(self, source: Source) -> Expression:
        """The cell of ``source`` in PostgreSQL."""

    @abstractmethod
    def cells(self, values: Values, currencies: Sequence[str]) -> Values:
        """The cells of ``values`` as SQLite stores them; ``currencies`` are those of their orders."""

    def in_words(self, *, for_people: bool) -> "Kind":
        """The kind with its words in the active language if ``for_people``, else as they are stored."""
        return self


class _Template(Func):
    """SQL in which each ``{x}`` is the value."""

    output_field = TextField()
    arity = 1

    def __init__(self, source: Any, sql: str) -> None:
        super().__init__(source)
        self._sql = sql

    def as_sql(self, compiler: Any, connection: Any, *_args: Any, **_context: Any) -> tuple[str, tuple[Any, ...]]:
        sql, parameters = compiler.compile(self.get_source_expressions()[0])
        return self._sql.replace("{x}", sql), (*parameters,) * self._sql.count("{x}")


class Code(Kind):
    """Our own or Stripe's id or number: never a formula, never an empty text (though it may be NULL)."""

    def sql(self, source: Source) -> Expression:
        return _Template(source, "({x})::text")

    def cells(self, values: Values, _currencies: Sequence[str]) -> Values:
        return values


class FilledIn(Kind):
    """Text that somebody typed into a form, or that Stripe reports: it gets the formula guard."""

    _HARMLESS_START = " OR ".join(f"ascii({{x}}) BETWEEN {first} AND {last}" for first, last in _HARMLESS)
    _SQL = f"""CASE WHEN {_HARMLESS_START} THEN {{x}}
        WHEN {{x}} = '' THEN NULL
        WHEN {{x}} ~ '{NUMBER}' THEN {{x}}
        WHEN {{x}} ~ '{DANGEROUS.replace("'", "''")}' THEN '''' || {{x}}
        ELSE {{x}} END"""

    def sql(self, source: Source) -> Expression:
        return _Template(source, self._SQL)

    def cells(self, values: Values, _currencies: Sequence[str]) -> Values:
        # Most texts begin with a letter or a digit, and no formula does.
        return [text if not text or text[0].isalnum() else guard(text) for text in values]


@dataclass(frozen=True, slots=True)
class Word(Kind):
    """One of a set of words, translated in files for people. Any other text gets the formula guard."""

    words: Mapping[Any, str | Promise]

    def sql(self, source: Source) -> Expression:
        cases = [When(**{str(source): value, "then": Value(word)}) for value, word in self.words.items()]
        return Case(*cases, default=FILLED_IN.sql(Cast(source, TextField())), output_field=TextField())

    def cells(self, values: Values, currencies: Sequence[str]) -> Values:
        others = {value for value in values if value not in self.words}
        words = {**self.words, **{value: FILLED_IN.cells([value], currencies)[0] for value in others}}
        return [words[value] for value in values]

    def in_words(self, *, for_people: bool) -> Self:
        stored = {value: str(value).lower() if isinstance(value, bool) else str(value) for value in self.words}
        return type(self)({value: str(word) for value, word in self.words.items()} if for_people else stored)


class Time(Kind):
    """A moment as ISO 8601 to the second, with the offset of the shop's time zone."""

    def sql(self, source: Source) -> Expression:
        # The session has that time zone. to_char takes four times as long. PostgreSQL leaves out the minutes of an
        # offset that has none.
        return _Template(source, "rpad(replace(date_bin('1 s', {x}, 'epoch')::text, ' ', 'T'), 25, ':00')")

    def cells(self, values: Values, _currencies: Sequence[str]) -> Values:
        zone = timezone.get_default_timezone()
        cells = []
        for text in values:
            if not text:
                cells.append("")
            elif hour := _local_hour(text[:HOUR_END], zone):
                cells.append(f"{hour[0]}{text[HOUR_END:SECOND_END]}{hour[1]}")
            else:
                cells.append(_utc(text[:SECOND_END]).astimezone(zone).isoformat())
        return cells


@lru_cache(HOURS_REMEMBERED)
def _local_hour(hour: str, zone: tzinfo) -> tuple[str, str] | None:
    """The local text before and after the minutes of that UTC hour; ``None`` if local minutes or offset change in it.

    Many orders share an hour, and converting a time costs ten times as much as copying its minutes.
    """
    first, last = (_utc(f"{hour}:{end}").astimezone(zone) for end in ("00:00", "59:59"))
    if first.minute or first.utcoffset() != last.utcoffset():
        return None
    text = first.isoformat()
    return text[:HOUR_END], text[SECOND_END:]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


class Amount(Kind):
    """Minor units of the order's currency, as a number with the currency's decimals."""

    def sql(self, source: Source) -> Expression:
        expression = F(source) if isinstance(source, str) else source
        whole = Cast(expression, TextField())
        # Most orders are in the shop's own currency: one comparison instead of a search in a list.
        first = [When(currency=jumun().currency, then=whole)] if jumun().currency in _WHOLE else []
        return Case(
            *first,
            When(currency__in=sorted(_WHOLE), then=whole),
            When(currency__in=sorted(money.THREE_DECIMAL), then=_Template(expression, "(({x}) * 0.001)::text")),
            default=_Template(expression, "(({x}) * 0.01)::text"),
            output_field=TextField(),
        )

    def cells(self, values: Values, currencies: Sequence[str]) -> Values:
        return [
            minor if minor is None or currency in _WHOLE else _decimal(minor, currency)
            for minor, currency in zip(values, currencies, strict=True)
        ]


def _decimal(minor: int, currency: str) -> str:
    decimals = 3 if currency in money.THREE_DECIMAL else 2
    digits = str(minor).zfill(decimals + 1 + (minor < 0))
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


class Rate(Kind):
    """Parts per million as percent: 75_000 is 7.5."""

    def sql(self, source: Source) -> Expression:
        return _Template(source, "trim_scale({x} * 0.0001)::text")

    def cells(self, values: Values, _currencies: Sequence[str]) -> Values:
        percents = {ppm: "" if ppm is None else f"{Decimal(ppm).scaleb(-4).normalize():f}" for ppm in set(values)}
        return [percents[ppm] for ppm in values]


CODE, FILLED_IN, TIME, AMOUNT, RATE = Code(), FilledIn(), Time(), Amount(), Rate()
