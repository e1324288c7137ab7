"""From a column's value to the text of its cell, in PostgreSQL's SQL: the database writes the file, Python only passes
it on.

COPY puts the quotes that CSV needs, and writes NULL as an empty cell. `texts` does the same in Python for SQLite.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Case, Expression, F, Func, TextField, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from jumun import money
from jumun.conf import jumun
from jumun.exports.columns import Column, Kind
from jumun.exports.formula import DANGEROUS, NUMBER
from jumun.exports.offsets import in_whole_hours

# What almost every text begins with and no formula can, as code points: ASCII from A on, Hangul, ASCII from 0 to <.
_HARMLESS = ((65, 126), (0xAC00, 0xD7A3), (48, 60))


def cell(column: Column) -> Expression:
    """The text of ``column``."""
    source = F(column.source) if isinstance(column.source, str) else column.source
    if column.kind is Kind.WORD:
        return _word(column, source)
    return _BY_KIND[column.kind](source)


class _Cell(Func):
    """A template of SQL in which ``{x}`` is the value."""

    output_field = TextField()
    arity = 1
    sql: str

    def as_sql(self, compiler: Any, connection: Any, *_args: Any, **_context: Any) -> tuple[str, tuple[Any, ...]]:
        sql, parameters = compiler.compile(self.get_source_expressions()[0])
        return self.sql.replace("{x}", sql), (*parameters,) * self.sql.count("{x}")


class Code(_Cell):
    """A value without surprises, whatever its type."""

    sql = "({x})::text"


class FilledIn(_Cell):
    """Text that somebody typed: with the formula guard."""

    _HARMLESS_START = " OR ".join(f"ascii({{x}}) BETWEEN {first} AND {last}" for first, last in _HARMLESS)
    sql = f"""CASE WHEN {_HARMLESS_START} THEN {{x}}
        WHEN {{x}} = '' THEN NULL
        WHEN {{x}} ~ '{NUMBER}' THEN {{x}}
        WHEN {{x}} ~ '{DANGEROUS.replace("'", "''")}' THEN '''' || {{x}}
        ELSE {{x}} END"""


class Phone(_Cell):
    """As `FilledIn`, which would ask a regular expression of each E.164 number: trimming bytes takes half as long."""

    sql = f"""CASE WHEN rtrim(textsend({{x}}), '0123456789'::bytea) = '+'::bytea AND {{x}} <> '+' THEN {{x}}
        ELSE {FilledIn.sql} END"""


class Moment(_Cell):
    """A time as ISO 8601 to the second, with the offset of the shop's time zone, which is that of the session."""

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        # to_char takes four times as long. Where an offset has no minutes, PostgreSQL leaves them out; rpad, which
        # sees to both, takes longer than ||.
        text = "replace(date_bin('1 s', {x}, 'epoch')::text, ' ', 'T')"
        whole = in_whole_hours(timezone.get_default_timezone())
        self.sql = f"{text} || ':00'" if whole else f"rpad({text}, 25, ':00')"


class Rate(_Cell):
    """Parts per million as percent: 75_000 is 7.5."""

    sql = "trim_scale({x} * 0.0001)::text"


class Hundredths(_Cell):
    """Minor units of a currency with two decimals."""

    sql = "(({x}) * 0.01)::text"


class Thousandths(_Cell):
    """Minor units of a currency with three decimals."""

    sql = "(({x}) * 0.001)::text"


def _amount(source: Any) -> Expression:
    """Minor units of the order's currency as a number with the currency's decimals."""
    whole = money.ZERO_DECIMAL | money.WHOLE_IN_HUNDREDTHS
    # Most orders are in the shop's own currency: one comparison instead of a search in a list.
    first = [When(currency=jumun().currency, then=Cast(source, TextField()))] if jumun().currency in whole else []
    return Case(
        *first,
        When(currency__in=sorted(whole), then=Cast(source, TextField())),
        When(currency__in=sorted(money.THREE_DECIMAL), then=Thousandths(source)),
        default=Hundredths(source),
        output_field=TextField(),
    )


def _word(column: Column, source: Any) -> Expression:
    cases = [When(**{str(column.source): value, "then": Value(word)}) for value, word in column.words.items()]
    return Case(*cases, default=FilledIn(Cast(source, TextField())), output_field=TextField())


_BY_KIND: dict[Kind, Callable[[Any], Expression]] = {
    Kind.CODE: Code,
    Kind.FILLED_IN: FilledIn,
    Kind.PHONE: Phone,
    Kind.TIME: Moment,
    Kind.AMOUNT: _amount,
    Kind.RATE: Rate,
}
