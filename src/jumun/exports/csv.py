"""Orders as CSV (RFC 4180 in UTF-8), streamed: memory does not grow with the number of rows."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.utils import translation

from jumun.conf import jumun
from jumun.exports.columns import LINE_COLUMNS, ORDER_COLUMNS, Column
from jumun.exports.copied import copied
from jumun.exports.selected import selected
from jumun.exports.texts import quote_all
from jumun.orders.models import Order

# One write to the network for some hundreds of rows.
CHUNK_BYTES = 64 * 1024
BOM = "\ufeff"


def stream(
    orders: QuerySet[Order], *, per_line: bool = False, language: str | None = None, bom: bool = False
) -> Generator[bytes, None, None]:
    """The file of ``orders``, oldest first, in chunks; the first one is the header and comes before any query.

    ``per_line`` gives a row for every line instead of one for every order. ``language`` is that of the header and of
    words such as the state; ``None`` gives stable names for programs. ``bom`` makes Excel take the file for UTF-8. The
    rows come from ``JUMUN["EXPORTS_DATABASE"]``, which may be a replica, in a transaction of their own: raises
    `RuntimeError` inside another one there.
    """
    columns: Sequence[Column] = LINE_COLUMNS if per_line else ORDER_COLUMNS
    with translation.override(language) if language else nullcontext():
        header = [str(column.title) if language else column.key for column in columns]
        # Put into words now: by the time that a row is read, the request's language is no longer active.
        columns = [column.in_words(for_people=language is not None) for column in columns]
    return _chunks(orders.using(jumun().exports_database), header, columns, per_line=per_line, bom=bom)


def _chunks(
    orders: QuerySet[Order], header: list[str], columns: Sequence[Column], *, per_line: bool, bom: bool
) -> Generator[bytes, None, None]:
    yield f"{BOM if bom else ''}{','.join(quote_all(header))}\r\n".encode()
    written = copied if connections[orders.db].vendor == "postgresql" else selected
    with suppress(EmptyResultSet):
        yield from _gathered(written(orders, columns, per_line=per_line))


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
