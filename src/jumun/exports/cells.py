"""From a column's value to the text of its cell, in SQL: the database writes the file, Python only passes it on.

PostgreSQL's COPY puts the quotes that CSV needs, and Python's `csv` does for SQLite. NULL is an empty cell.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Case, Expression, F, Func, TextField, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from jumun import money
from jumun.conf import jumun
from jumun.exports.columns import Column, Kind
from jumun.exports.formula import DANGEROUS, NUMBER, guard
from jumun.exports.offsets import offsets

# What almost every text begins with and no formula can, as code points: ASCII from A on, Hangul, ASCII from 0 to <.
_HARMLESS = ((65, 126), (0xAC00, 0xD7A3), (48, 60))
# printf would write NULL as a zero.
_DECIMALS = (
    "CASE WHEN {{x}} IS NOT NULL THEN printf('%%s%%d.%%{digits}d', CASE WHEN {{x}} < 0 THEN '-' ELSE '' END,"
    " abs({{x}}) / {unit}, abs({{x}}) %% {unit}) END"
)


def cell(column: Column, *, for_people: bool) -> Expression:
    """The text of ``column``; words are in the active language ``for_people``, else as they are stored."""
    source = F(column.source) if isinstance(column.source, str) else column.source
    if column.kind is Kind.WORD:
        return _word(column, source, for_people=for_people)
    return _BY_KIND[column.kind](source)


def guarded(text: str | None) -> str | None:
    """What SQLite calls for the few texts that its own operators cannot judge, as ``jumun_guarded``."""
    return text and guard(text)


class _Cell(Func):
    """A template of SQL for each database, in which ``{x}`` is the value."""

    output_field = TextField()
    arity = 1
    postgresql: str
    sqlite: str

    def as_postgresql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, tuple[Any, ...]]:
        return self._filled_in(self.postgresql, compiler)

    def as_sqlite(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, tuple[Any, ...]]:
        return self._filled_in(self.sqlite, compiler)

    def _filled_in(self, template: str, compiler: Any) -> tuple[str, tuple[Any, ...]]:
        sql, parameters = compiler.compile(self.get_source_expressions()[0])
        return template.replace("{x}", sql), (*parameters,) * template.count("{x}")


class Code(_Cell):
    """A value without surprises, whatever its type."""

    postgresql = "({x})::text"
    sqlite = "{x}"


class Text(Code):
    """One that may be empty: COPY would write it as "", to tell it from NULL."""

    postgresql = "NULLIF({x}, '')"


class FilledIn(_Cell):
    """Text that somebody typed: with the formula guard."""

    _HARMLESS_START = " OR ".join(f"{{code_point}} BETWEEN {first} AND {last}" for first, last in _HARMLESS)
    postgresql = f"""CASE WHEN {_HARMLESS_START.replace("{code_point}", "ascii({x})")} THEN {{x}}
        WHEN {{x}} = '' THEN NULL
        WHEN {{x}} ~ '{NUMBER}' THEN {{x}}
        WHEN {{x}} ~ '{DANGEROUS.replace("'", "''")}' THEN '''' || {{x}}
        ELSE {{x}} END"""
    sqlite = f"""CASE WHEN {_HARMLESS_START.replace("{code_point}", "unicode({x})")} THEN {{x}}
        ELSE jumun_guarded({{x}}) END"""


class Phone(FilledIn):
    """As `FilledIn`, which would ask a regular expression of each E.164 number: trimming bytes takes half as long."""

    postgresql = f"""CASE WHEN rtrim(textsend({{x}}), '0123456789'::bytea) = '+'::bytea AND {{x}} <> '+' THEN {{x}}
        ELSE {FilledIn.postgresql} END"""
    sqlite = f"""CASE WHEN rtrim({{x}}, '0123456789') = '+' AND {{x}} <> '+' THEN {{x}}
        ELSE {FilledIn.sqlite} END"""


class Moment(_Cell):
    """A time as ISO 8601 to the second, with the offset of the shop's time zone."""

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        periods = offsets(timezone.get_default_timezone())
        # In the session's time zone; to_char takes four times as long. Where an offset has no minutes, PostgreSQL
        # leaves them out; rpad, which sees to both, takes longer than ||.
        text = "replace(date_bin('1 s', {x}, 'epoch')::text, ' ', 'T')"
        in_hours = all(seconds % 3600 == 0 for _begins, seconds, _offset in periods)
        self.postgresql = f"{text} || ':00'" if in_hours else f"rpad({text}, 25, ':00')"
        branches = " ".join(
            f"WHEN {{x}} >= '{begins}' THEN"
            f" strftime('%%Y-%%m-%%dT%%H:%%M:%%S', substr({{x}}, 1, 19), '{seconds} seconds') || '{offset}'"
            for begins, seconds, offset in periods
        )
        self.sqlite = f"CASE {branches} END"


class Rate(_Cell):
    """Parts per million as percent: 75_000 is 7.5."""

    postgresql = "trim_scale({x} * 0.0001)::text"
    sqlite = "rtrim(rtrim(printf('%%d.%%04d', {x} / 10000, {x} %% 10000), '0'), '.')"


class Hundredths(_Cell):
    """Minor units of a currency with two decimals."""

    postgresql = "(({x}) * 0.01)::text"
    sqlite = _DECIMALS.format(digits="02", unit=100)


class Thousandths(_Cell):
    """Minor units of a currency with three decimals."""

    postgresql = "(({x}) * 0.001)::text"
    sqlite = _DECIMALS.format(digits="03", unit=1000)


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


def _word(column: Column, source: Any, *, for_people: bool) -> Expression:
    words = {value: str(word) if for_people else _code(value) for value, word in column.words.items()}
    cases = [When(**{str(column.source): value, "then": Value(word)}) for value, word in words.items()]
    return Case(*cases, default=Cast(source, TextField()), output_field=TextField())


def _code(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_BY_KIND: dict[Kind, Callable[[Any], Expression]] = {
    Kind.CODE: Code,
    Kind.TEXT: Text,
    Kind.FILLED_IN: FilledIn,
    Kind.PHONE: Phone,
    Kind.TIME: Moment,
    Kind.AMOUNT: _amount,
    Kind.RATE: Rate,
}
