"""Rows of orders as CSV, from SQLite: read as they are stored, and put into text by Python.

SQLite calculates in the thread that serves, and a function in its SQL takes longer there than a list of values in
Python.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connections
from django.db.models import Func, QuerySet

from jumun.exports.columns import CURRENCY, Column, rows
from jumun.exports.texts import texts
from jumun.orders.models import Order

# So few that what is made of them is still in the processor's cache when it is put together.
ROWS_PER_FETCH = 100


class AsStored(Func):
    """A column's value as SQLite holds it: the sign does nothing, but keeps Django from making objects of times."""

    template = "+%(expressions)s"
    arity = 1


def selected(orders: QuerySet[Order], columns: Sequence[Column], *, per_line: bool) -> Iterator[bytes]:
    """The rows in pieces. Raises `EmptyResultSet` where there can be none."""
    values = [AsStored(column.source) for column in columns]
    sql, parameters = rows(orders, values, per_line=per_line).query.get_compiler(orders.db).as_sql()
    with connections[orders.db].cursor() as cursor:
        cursor.execute(sql, parameters)
        while stored := cursor.fetchmany(ROWS_PER_FETCH):
            yield _csv(columns, stored)


def _csv(columns: Sequence[Column], stored: Sequence[tuple[Any, ...]]) -> bytes:
    """The lines of those rows; NUL becomes U+FFFD."""
    by_column = list(zip(*stored, strict=True))
    currencies = by_column[columns.index(CURRENCY)]
    cells = [texts(column, values, currencies) for column, values in zip(columns, by_column, strict=True)]
    lines = "\r\n".join(map(",".join, zip(*cells, strict=True)))
    return f"{lines}\r\n".replace("\x00", "\ufffd").encode()
