"""Rows of orders as CSV, from PostgreSQL: its own COPY writes them."""

from collections.abc import Iterator, Sequence
from itertools import islice

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from jumun.exports.cells import cell
from jumun.exports.columns import Column, rows
from jumun.orders.models import Order

ROWS_PER_PIECE = 250
# For the export's transaction alone.
SETTINGS = {
    "DateStyle": "ISO",
    # It lasts as long as the download.
    "statement_timeout": "0",
    # Compiling the query takes longer than it saves.
    "jit": "off",
    # What belongs to an order lies near to what belongs to the next: it is looked up order by order, or merged by their
    # ids where many are wanted. To hash a whole table takes as long for a month as for all years.
    "random_page_cost": "1.1",
    "enable_hashjoin": "off",
    # The other processors are the customers'.
    "max_parallel_workers_per_gather": "0",
}


def copied(orders: QuerySet[Order], columns: Sequence[Column], *, per_line: bool) -> Iterator[bytes]:
    """The rows in pieces, in a transaction of their own. Raises `EmptyResultSet` where there can be none."""
    from psycopg import ClientCursor

    cells = [cell(column) for column in columns]
    sql, parameters = rows(orders, cells, per_line=per_line).query.get_compiler(orders.db).as_sql()
    settings = SETTINGS | {"TimeZone": timezone.get_default_timezone_name()}
    connection = connections[orders.db]
    # Durable: the settings would stay with a caller's transaction, and times be read in the wrong zone.
    with transaction.atomic(orders.db, durable=True), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS setting (name, value)",
            [list(settings), list(settings.values())],
        )
        # COPY takes no parameters apart from its text.
        query = ClientCursor(connection.connection).mogrify(sql, parameters)
        with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
            lines = iter(copy)
            while some := list(islice(lines, ROWS_PER_PIECE)):
                yield _with_crlf(some)
        # Tests have a transaction around this one, and would read times in the wrong zone.
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [connection.timezone_name])


def _with_crlf(lines: Sequence[bytes | memoryview]) -> bytes:
    """The lines with the ends that RFC 4180 asks for: all at once, unless a cell holds a line feed of its own."""
    text = b"".join(lines)
    if text.count(b"\n") == len(lines):
        return text.replace(b"\n", b"\r\n")
    return b"".join(b"%b\r\n" % bytes(line)[:-1] for line in lines)
