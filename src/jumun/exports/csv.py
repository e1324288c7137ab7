"""Orders as CSV (RFC 4180 in UTF-8), streamed: the database writes the rows, and memory does not grow with them."""

import csv
import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, transaction
from django.db.models import Expression, QuerySet
from django.utils import timezone, translation

from jumun.conf import jumun
from jumun.exports.cells import cell, guarded
from jumun.exports.columns import LINE_COLUMNS, ORDER_COLUMNS, rows
from jumun.orders.models import Order

# One write to the network for some hundreds of rows.
CHUNK_BYTES = 64 * 1024
ROWS_PER_FETCH = 250
BOM = "\ufeff"


def stream(
    orders: QuerySet[Order], *, per_line: bool = False, language: str | None = None, bom: bool = False
) -> Generator[bytes, None, None]:
    """The file of ``orders``, oldest first, in chunks; the first one is the header and comes before any query.

    ``per_line`` gives a row for every line instead of one for every order. ``language`` is that of the header and of
    words such as the state; ``None`` gives stable names for programs. ``bom`` makes Excel take the file for UTF-8. The
    rows come from ``JUMUN["EXPORTS_DATABASE"]``, which may be a replica.
    """
    columns = LINE_COLUMNS if per_line else ORDER_COLUMNS
    with translation.override(language) if language else nullcontext():
        header = [str(column.title) if language else column.key for column in columns]
        # Put into words now: by the time that a row is read, the request's language is no longer active.
        cells = [cell(column, for_people=language is not None) for column in columns]
    return _chunks(orders.using(jumun().exports_database), header, cells, per_line=per_line, bom=bom)


def _chunks(
    orders: QuerySet[Order], header: list[str], cells: Sequence[Expression], *, per_line: bool, bom: bool
) -> Generator[bytes, None, None]:
    yield _header(header, bom=bom)
    is_postgresql = connections[orders.db].vendor == "postgresql"
    made = rows(orders, cells, per_line=per_line)
    try:
        sql, parameters = made.query.sql_with_params()
    except EmptyResultSet:
        return
    written = _copied if is_postgresql else _selected
    yield from _gathered(written(orders.db, sql, parameters))


def _header(names: list[str], *, bom: bool) -> bytes:
    return ((BOM if bom else "") + _written([names])).encode()


def _written(lines: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue()


def _copied(database: str, sql: str, parameters: tuple[Any, ...]) -> Iterator[bytes]:
    """PostgreSQL's own CSV, each row in a piece of its own that ends with LF."""
    from psycopg import ClientCursor

    zone = timezone.get_default_timezone_name()
    with transaction.atomic(database), connections[database].cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true), set_config('DateStyle', 'ISO', true)", [zone])
        # Compiling the query takes longer than it saves.
        cursor.execute("SET LOCAL jit = off")
        # COPY takes no parameters apart from its text.
        query = ClientCursor(connections[database].connection).mogrify(sql, parameters)
        with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
            pieces = iter(copy)
            while lines := list(islice(pieces, ROWS_PER_FETCH)):
                yield _with_crlf(lines)


def _with_crlf(lines: Sequence[bytes | memoryview]) -> bytes:
    """The lines with the ends that RFC 4180 asks for: all at once, unless a cell holds a line feed of its own."""
    text = b"".join(lines)
    if text.count(b"\n") == len(lines):
        return text.replace(b"\n", b"\r\n")
    return b"".join(b"%b\r\n" % bytes(line)[:-1] for line in lines)


def _selected(database: str, sql: str, parameters: tuple[Any, ...]) -> Iterator[bytes]:
    """Cells from SQLite, put together by Python's CSV writer; NUL becomes U+FFFD.

    To find in SQL which cells need quotes takes longer than to read the whole row here.
    """
    connection = connections[database]
    with connection.cursor() as cursor:
        connection.connection.create_function("jumun_guarded", 1, guarded, deterministic=True)
        cursor.execute(sql, parameters)
        while lines := cursor.fetchmany(ROWS_PER_FETCH):
            yield _written(lines).replace("\x00", "\ufffd").encode()


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same in chunks of about `CHUNK_BYTES`."""
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
