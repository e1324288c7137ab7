"""Fills the database with orders. One that holds as many already is left as it is; another number is refused."""

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models import NOT_PROVIDED

from bench.site.orders import TABLES, Orders
from jumun.orders.models import Order

# Of SQLite: what the rows promise by the way they are made takes time to check.
UNCHECKED = (
    *("foreign_keys = OFF", "ignore_check_constraints = ON", "synchronous = OFF", "journal_mode = MEMORY"),
    *("temp_store = MEMORY", "cache_size = -500000"),
)


def main(count: str) -> None:
    """Raises `SystemExit` where the database holds something else."""
    call_command("migrate", verbosity=0)
    found = Order.objects.count()
    if found == int(count):
        return
    if found:
        sys.exit(f"the database holds {found} orders, not {count}: name another")
    made = Orders(int(count), datetime.now(UTC))
    if connection.vendor == "postgresql":
        # A process a table, so that no processor waits; two processes must not share a connection.
        connection.close()
        with get_context("fork").Pool(min(len(TABLES), os.cpu_count() or 1)) as pool:
            pool.starmap(_fill, [(made, name) for name in TABLES], chunksize=1)
        return
    for name in TABLES:
        _fill(made, name)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("PRAGMA journal_mode = WAL")


def _fill(made: Orders, name: str) -> None:
    """One table. Columns that are not given have their defaults."""
    label, given = TABLES[name]
    model = apps.get_model(label)
    others = [field for field in model._meta.concrete_fields if field.column not in given.split()]
    defaults = tuple(field.get_db_prep_save(_default(field), connection) for field in others)
    rows = (row + defaults for row in getattr(made, name)())
    fill = _copy if connection.vendor == "postgresql" else _insert
    fill(model._meta.db_table, [*given.split(), *(str(field.column) for field in others)], rows)


def _default(field: Any) -> Any:
    """Django's own, or the database's."""
    return field.get_default() if field.db_default is NOT_PROVIDED else field.db_default


def _copy(table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        # Foreign keys hold by the way the rows are made; checking each would take longer than writing it.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {table}))", [table])
        cursor.execute(f"VACUUM ANALYZE {table}")


def _insert(table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    places = ", ".join("?" * len(columns))
    connection.ensure_connection()
    with connection.connection as raw:
        for setting in UNCHECKED:
            raw.execute(f"PRAGMA {setting}")
        raw.execute("BEGIN")
        raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
