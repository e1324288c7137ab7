"""Orders as CSV (RFC 4180 in UTF-8), streamed: memory does not grow with the number of orders."""

import csv
import io
from collections.abc import Iterator
from contextlib import nullcontext

from django.db.models import QuerySet
from django.utils import translation

from jumun.exports.cells import Cell, cell_of
from jumun.exports.columns import LINE_COLUMNS, ORDER_COLUMNS, Column, rows
from jumun.orders.models import Order

# One write to the network for some hundreds of rows.
CHUNK_CHARS = 64 * 1024
ROWS_PER_FETCH = 2000
BOM = "\ufeff"


def stream(
    orders: QuerySet[Order], *, per_line: bool = False, language: str | None = None, bom: bool = False
) -> Iterator[bytes]:
    """The file of ``orders``, oldest first, in chunks; the first one is the header and comes before any query.

    ``per_line`` gives a row for every line instead of one for every order. ``language`` is that of the header and of
    words such as the state; ``None`` gives stable names for programs. ``bom`` makes Excel take the file for UTF-8.
    """
    columns = LINE_COLUMNS if per_line else ORDER_COLUMNS
    with translation.override(language) if language else nullcontext():
        header = [str(column.title) if language else column.key for column in columns]
        cells = [cell_of(column, for_people=language is not None) for column in columns]
    return _chunks(orders, columns, header, cells, per_line=per_line, bom=bom)


def _chunks(
    orders: QuerySet[Order],
    columns: tuple[Column, ...],
    header: list[str],
    cells: list[Cell],
    *,
    per_line: bool,
    bom: bool,
) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write(BOM if bom else "")
    writer.writerow(header)
    yield _taken(buffer)
    currency_at = next(index for index, column in enumerate(columns) if column.key == "currency")
    for row in rows(orders, columns, per_line=per_line).iterator(chunk_size=ROWS_PER_FETCH):
        currency = row[currency_at]
        writer.writerow([cell(value, currency) for cell, value in zip(cells, row, strict=True)])
        if buffer.tell() >= CHUNK_CHARS:
            yield _taken(buffer)
    if buffer.tell():
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    """What was written since the last time; NUL becomes U+FFFD and half a surrogate pair a question mark."""
    text = buffer.getvalue().replace("\x00", "\ufffd")
    buffer.seek(0)
    buffer.truncate()
    return text.encode(errors="replace")
