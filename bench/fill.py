"""``python -m bench.fill COUNT``: make the database of DATABASE_URL, and so many orders in it, by COPY.

A database that holds as many already is left as it is; one that holds another number is refused.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.models import NOT_PROVIDED

from bench import orders
from bench.orders import Orders

LINES_PER_BLOCK = 2000
# Of SQLite: what the rows promise by the way they are made takes time to check.
UNCHECKED = (
    *("foreign_keys = OFF", "ignore_check_constraints = ON", "synchronous = OFF", "journal_mode = MEMORY"),
    *("temp_store = MEMORY", "cache_size = -500000"),
)
# What takes longest first. The names are those of `Orders`.
TABLES = {
    "orders": ("jumun_orders.Order", orders.ORDER),
    "invoices": ("jumun_invoices.Invoice", orders.INVOICE),
    "lines": ("jumun_orders.OrderLine", orders.LINE),
    "events": ("jumun_payments.InboxEvent", orders.EVENT),
    "payments": ("jumun_payments.Payment", orders.PAYMENT),
}


def main(count: int) -> None:
    """Raises `SystemExit` where the database holds something else."""
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        _create_database(dict(settings.DATABASES["default"]))
    django.setup()
    from django.core.management import call_command

    from jumun.orders.models import Order

    call_command("migrate", verbosity=0)
    found = Order.objects.count()
    if found == count:
        return
    if found:
        sys.exit(f"the database holds {found} orders, not {count}: name another")
    _fill(count)


def _create_database(given: dict[str, Any]) -> None:
    """On the same server, unless it is there."""
    import psycopg

    host = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **{k: v for k, v in host.items() if v}) as server:
        known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [given["NAME"]]).fetchone()
        if not known:
            server.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(given["NAME"])))


def _fill(count: int) -> None:
    made = Orders(count, datetime.now(UTC))
    if connection.vendor == "postgresql":
        # A process a table, so that no processor waits; a connection must not be used by two of them.
        connection.close()
        with get_context("fork").Pool(min(len(TABLES), os.cpu_count() or 1)) as pool:
            pool.starmap(_copied, [(made, name) for name in TABLES], chunksize=1)
        return
    for name in TABLES:
        _insert(*_lines_of(made, name))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("PRAGMA journal_mode = WAL")


def _copied(made: Orders, name: str) -> None:
    _copy(*_lines_of(made, name))
    connection.close()


def _lines_of(made: Orders, name: str) -> tuple[type[models.Model], tuple[str, ...], Iterable[str], str]:
    """The model, its columns, a line of cells for each row, and the cells that all rows end in."""
    label, columns = TABLES[name]
    model = apps.get_model(label)
    names, constants = _all_columns(model, columns)
    return model, names, getattr(made, name)(), constants


def _all_columns(model: type[models.Model], given: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The given columns and those that the model has besides, with the cells of their defaults."""
    fields = [field for field in model._meta.concrete_fields if field.column not in given]
    values = [field.get_db_prep_save(_default(field), connection) for field in fields]
    # SQLite would keep "True" as a text.
    told = [int(value) if isinstance(value, bool) else value for value in values]
    cells = "".join("\t" + (orders.NULL if value is None else str(value)) for value in told)
    return given + tuple(str(field.column) for field in fields), cells


def _default(field: Any) -> Any:
    """Django's own, or the database's."""
    return field.get_default() if field.db_default is NOT_PROVIDED else field.db_default


def _copy(model: type[models.Model], names: tuple[str, ...], lines: Iterable[str], constants: str) -> None:
    """By COPY, with all but the primary key's index made afterwards."""
    table, end = model._meta.db_table, constants + "\n"
    with connection.cursor() as cursor:
        # Foreign keys hold by the way the rows are made; checking each would take longer than writing it.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        made_again = _without_indexes(cursor, table)
        with cursor.copy(f"COPY {table} ({_columns(names)}) FROM STDIN") as copy:
            for block in _blocks(lines):
                copy.write(end.join(block) + end)
        for statement in made_again:
            cursor.execute(statement)
        cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {table}))", [table])
        cursor.execute(f"VACUUM ANALYZE {table}")


def _without_indexes(cursor: Any, table: str) -> list[str]:
    """Drop the indexes and unique constraints; return what makes them again."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'u' AND conrelid = %s::regclass",
        [table],
    )
    constraints = cursor.fetchall()
    for name, _definition in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN"
        " (SELECT conname FROM pg_constraint)",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _name, definition in indexes] + [
        f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}' for name, definition in constraints
    ]


def _insert(model: type[models.Model], names: tuple[str, ...], lines: Iterable[str], constants: str) -> None:
    """SQLite's column types make numbers of the text again; times lose the offset, which Django does not store."""
    places = ", ".join("?" * len(names))
    rows = (
        [None if cell == orders.NULL else cell for cell in f"{line}{constants}".replace("+00", "").split("\t")]
        for line in lines
    )
    connection.ensure_connection()
    raw = connection.connection
    for setting in UNCHECKED:
        raw.execute(f"PRAGMA {setting}")
    table = model._meta.db_table
    # All but those of unique constraints, which SQLite does not let go.
    indexes = raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", [table]
    ).fetchall()
    raw.execute("BEGIN")
    for name, _sql in indexes:
        raw.execute(f'DROP INDEX "{name}"')
    raw.executemany(f"INSERT INTO {table} ({_columns(names)}) VALUES ({places})", rows)
    for _name, sql in indexes:
        raw.execute(sql)
    raw.execute("COMMIT")


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(lines)
    while block := list(islice(iterator, LINES_PER_BLOCK)):
        yield block


if __name__ == "__main__":
    main(int(sys.argv[1]))
