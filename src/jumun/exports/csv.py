"""Orders as CSV (RFC 4180 in UTF-8), streamed: memory does not grow with the number of rows."""

import csv
import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from itertools import islice

from django.core.exceptions import EmptyResultSet
from django.db import connections, transaction
from django.db.models import Func, QuerySet, TextField
from django.utils import timezone, translation

from jumun.conf import jumun
from jumun.exports.columns import CURRENCY, LINE_COLUMNS, ORDER_COLUMNS, Column, rows
from jumun.orders.models import Order

# Some hundreds of rows in one network write.
CHUNK_BYTES = 64 * 1024
BOM = "\ufeff"
# Of SQLite: so few that their cells are still in the processor's cache when they are written.
ROWS_PER_FETCH = 100
ROWS_PER_PIECE = 250
# Only for the transaction of PostgreSQL's COPY.
SETTINGS = {
    "DateStyle": "ISO",
    # It lasts as long as the download.
    "statement_timeout": "0",
    # Compiling the query takes longer than it saves.
    "jit": "off",
    # The rows of neighbouring orders lie together, so they are looked up order by order, or merged by id if there are
    # many. Hashing a whole table would take as long for a month as for all years.
    "random_page_cost": "1.1",
    "enable_hashjoin": "off",
    # The other processors serve customers.
    "max_parallel_workers_per_gather": "0",
}


def stream_csv(
    orders: QuerySet[Order], *, per_line: bool = False, language: str | None = None, bom: bool = False
) -> Generator[bytes, None, None]:
    """The file of ``orders``, oldest first, in chunks. The first chunk is the header; it comes before any query.

    ``per_line`` gives a row for each line instead of one for each order. ``language`` is the language of the header and
    of words such as the state; ``None`` gives stable names for programs. ``bom`` makes Excel read the file as UTF-8.
    The rows come from ``JUMUN["EXPORTS_DATABASE"]``, which may be a replica. PostgreSQL needs a transaction of its own
    there and raises `RuntimeError` inside another one.
    """
    columns: Sequence[Column] = LINE_COLUMNS if per_line else ORDER_COLUMNS
    with translation.override(language) if language else nullcontext():
        header = [str(column.title) if language else column.key for column in columns]
        # Translated now, because the request's language is no longer active when the rows are read.
        columns = [column.in_words(for_people=language is not None) for column in columns]
    return _chunks(orders.using(jumun().exports_database), header, columns, per_line=per_line, bom=bom)


def _chunks(
    orders: QuerySet[Order], header: list[str], columns: Sequence[Column], *, per_line: bool, bom: bool
) -> Generator[bytes, None, None]:
    yield (BOM if bom else "").encode() + _lines([header])
    write = _copy if connections[orders.db].vendor == "postgresql" else _select
    with suppress(EmptyResultSet):
        yield from _gathered(write(orders, columns, per_line=per_line))


def _select(orders: QuerySet[Order], columns: Sequence[Column], *, per_line: bool) -> Iterator[bytes]:
    """The rows in pieces, from SQLite: read as they are stored, and made into cells a column at a time."""
    stored = rows(orders, [_AsStored(column.source) for column in columns], per_line=per_line)
    found = stored.iterator(chunk_size=ROWS_PER_FETCH)
    currency_at = columns.index(CURRENCY)
    while some := list(islice(found, ROWS_PER_FETCH)):
        by_column = list(zip(*some, strict=True))
        cells = [
            column.kind.cells(values, by_column[currency_at]) for column, values in zip(columns, by_column, strict=True)
        ]
        yield _lines(zip(*cells, strict=True))


class _AsStored(Func):
    """A value as SQLite stores it. The type keeps Django from converting it, the sign keeps sqlite3 from it."""

    template = "+%(expressions)s"
    arity = 1
    output_field = TextField()


def _lines(some: Iterable[Sequence[object]]) -> bytes:
    """The lines of those rows; NUL becomes U+FFFD."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(some)
    return text.getvalue().replace("\x00", "\ufffd").encode()


def _copy(orders: QuerySet[Order], columns: Sequence[Column], *, per_line: bool) -> Iterator[bytes]:
    """The rows in pieces, from PostgreSQL: its own COPY writes them, in a transaction of their own.

    Raises `EmptyResultSet` where there can be none.
    """
    from psycopg import ClientCursor

    cells = [column.kind.sql(column.source) for column in columns]
    sql, parameters = rows(orders, cells, per_line=per_line).query.get_compiler(orders.db).as_sql()
    settings = SETTINGS | {"TimeZone": timezone.get_default_timezone_name()}
    connection = connections[orders.db]
    # Durable: the settings would stay with a caller's transaction, and times be read in the wrong zone.
    with transaction.atomic(orders.db, durable=True), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS setting (name, value)",
            [list(settings), list(settings.values())],
        )
        # COPY accepts no parameters.
        query = ClientCursor(connection.connection).mogrify(sql, parameters)
        with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
            lines = iter(copy)
            while some := list(islice(lines, ROWS_PER_PIECE)):
                yield _with_crlf(some)
        # Tests have a transaction around this one and would read times in the wrong zone.
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [connection.timezone_name])


def _with_crlf(lines: Sequence[bytes | memoryview]) -> bytes:
    """The lines with the line ends of RFC 4180: all at once, unless a cell holds a line feed."""
    text = b"".join(lines)
    if text.count(b"\n") == len(lines):
        return text.replace(b"\n", b"\r\n")
    return b"".join(b"%b\r\n" % bytes(line)[:-1] for line in lines)


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Joins pieces to chunks of about `CHUNK_BYTES`."""
    chunk: list[bytes] = []
    size = 0
    for piece in pieces:
        chunk.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(chunk)
            chunk, size = [], 0
    if chunk:
        yield b"".join(chunk)
