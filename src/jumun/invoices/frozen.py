"""Triggers by which the database itself refuses to change or delete what was issued, whoever asks.

They are put in place after every ``migrate`` rather than by one migration: SQLite's way to alter a table is to build it
anew, which silently loses its triggers. Why as they are: docs/decisions/0020-frozen-in-the-database.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import AppConfig
from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

INVOICE, PDF, SERIES = "jumun_invoices_invoice", "jumun_invoices_archivedpdf", "jumun_invoices_series"
CREDIT_NOTE = "jumun_invoices_creditnote"

# Name, table, what is refused, and the condition under which it is (None: always).
TRIGGERS: tuple[tuple[str, str, str, str | None], ...] = (
    ("jumun_invoice_no_update", INVOICE, "UPDATE", None),
    ("jumun_invoice_no_delete", INVOICE, "DELETE", None),
    ("jumun_creditnote_no_update", CREDIT_NOTE, "UPDATE", None),
    ("jumun_creditnote_no_delete", CREDIT_NOTE, "DELETE", None),
    ("jumun_archivedpdf_no_update", PDF, "UPDATE", None),
    ("jumun_archivedpdf_no_delete", PDF, "DELETE", None),
    (
        "jumun_series_only_forward",
        SERIES,
        "UPDATE",
        "(NEW.id, NEW.prefix, NEW.year, NEW.last_number) <> (OLD.id, OLD.prefix, OLD.year, OLD.last_number + 1)",
    ),
    ("jumun_series_no_delete", SERIES, "DELETE", "OLD.last_number > 0"),
)
TABLES = (INVOICE, CREDIT_NOTE, PDF, SERIES)

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION jumun_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'jumun: % of % is refused: issued documents and their numbers are final', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place, in the form that this version wants; tables that do not exist yet are left out."""
    tables = set(connection.introspection.table_names())
    wanted = [trigger for trigger in TRIGGERS if trigger[1] in tables]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
            for table in tables.intersection(TABLES):
                head = f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
                cursor.execute(f"{head} EXECUTE FUNCTION jumun_refuse()")
        for name, table, act, condition in wanted:
            for statement in _statements(connection.vendor, name, table, act, condition):
                cursor.execute(statement)


def _statements(vendor: str, name: str, table: str, act: str, condition: str | None) -> list[str]:
    when = f"WHEN ({condition})" if condition else ""
    if vendor == "postgresql":
        head = f"CREATE OR REPLACE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW"
        return [f"{head} {when} EXECUTE FUNCTION jumun_refuse()"]
    message = f"jumun: {act} of {table} is refused: issued documents and their numbers are final"
    body = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW {when} {body}",
    ]


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without the triggers until the block ends: for emptying a database that never issued a real document."""
    tables = set(connection.introspection.table_names())
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            for statement in _removal(connection.vendor, tables):
                cursor.execute(statement)
        yield
        install(connection)


def _removal(vendor: str, tables: set[str]) -> Iterator[str]:
    if vendor == "postgresql":
        yield "DROP FUNCTION IF EXISTS jumun_refuse() CASCADE"
        return
    for name, table, _act, _condition in TRIGGERS:
        if table in tables:
            yield f"DROP TRIGGER IF EXISTS {name}"


def install_after_migrate(*, sender: AppConfig, using: str, **_: Any) -> None:
    """Receiver of ``post_migrate``."""
    if router.allow_migrate(using, sender.label):
        install(connections[using])
