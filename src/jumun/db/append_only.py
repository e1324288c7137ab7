"""Triggers with which the database refuses to change or delete final rows, whoever asks.

They are installed after every ``migrate``, not by one migration: SQLite alters a table by rebuilding it, which silently
drops its triggers. The reasons are in docs/decisions/0020-frozen-in-the-database.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION jumun_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'jumun: % of % is refused: what is written there is final', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The database refuses ``act`` (UPDATE or DELETE) on ``table``, always or where the SQL ``condition`` holds."""

    trigger: str
    table: str
    act: str
    condition: str | None = None


def refuse_all(table: str, trigger_prefix: str) -> tuple[Refusal, Refusal]:
    """The refusals for a table to which rows are only ever added."""
    return (
        Refusal(trigger=f"{trigger_prefix}_no_update", table=table, act="UPDATE"),
        Refusal(trigger=f"{trigger_prefix}_no_delete", table=table, act="DELETE"),
    )


_frozen: dict[str, tuple[Refusal, ...]] = {}


def freeze(app: AppConfig, *refusals: Refusal) -> None:
    """Install these triggers on tables of ``app`` after each ``migrate``; call it in ``ready``.

    PostgreSQL then also refuses to TRUNCATE the tables, and SQLite to REPLACE a row of them.
    """
    _frozen[app.label] = refusals
    post_migrate.connect(_install_after_migrate, sender=app)


def install(connection: BaseDatabaseWrapper, label: str) -> None:
    """Install this version's triggers of an app on the tables that exist."""
    existing = set(connection.introspection.table_names())
    wanted = [refusal for refusal in _frozen[label] if refusal.table in existing]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
            for table in sorted({refusal.table for refusal in wanted}):
                cursor.execute(_no_truncate(table, table))
        if connection.vendor == "sqlite":
            for table in sorted({refusal.table for refusal in wanted}):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_replace")
                cursor.execute(_no_replace(table, connection.introspection.get_constraints(cursor, table)))
        for refusal in wanted:
            for statement in _statements(connection.vendor, refusal):
                cursor.execute(statement)


def _no_replace(table: str, constraints: dict[str, Any]) -> str:
    """SQLite's REPLACE deletes conflicting rows without firing DELETE triggers. So an INSERT with a unique value of an
    existing row is refused first.
    """
    # Sorted, because `missing` compares the texts.
    unique = sorted(found["columns"] for found in constraints.values() if found["unique"] or found["primary_key"])
    same = " OR ".join(" AND ".join(f"{column} = NEW.{column}" for column in columns) for columns in unique)
    message = f"jumun: INSERT into {table} is refused: what is written there is final"
    met = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608  (names of our own tables)
    body = f"BEGIN SELECT RAISE(ABORT, '{message}') WHERE EXISTS ({met}); END"
    return f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} FOR EACH ROW {body}"


def _no_truncate(table: str, on: str) -> str:
    head = f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {on}"
    return f"{head} EXECUTE FUNCTION jumun_refuse()"


def _statements(vendor: str, refusal: Refusal, *, on: str = "") -> list[str]:
    """The SQL that creates a trigger, on its own table or ``on`` another with the same columns."""
    when = f"WHEN ({refusal.condition})" if refusal.condition else ""
    head = f"TRIGGER {refusal.trigger} BEFORE {refusal.act} ON {on or refusal.table} FOR EACH ROW {when}"
    if vendor == "postgresql":
        return [f"CREATE OR REPLACE {head} EXECUTE FUNCTION jumun_refuse()"]
    message = f"jumun: {refusal.act} of {refusal.table} is refused: what is written there is final"
    body = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    return [f"DROP TRIGGER IF EXISTS {refusal.trigger}", f"CREATE {head} {body}"]


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of triggers that are missing, disabled or different from what `install` makes. Changes nothing."""
    wanted = [refusal for refusals in _frozen.values() for refusal in refusals]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            return _missing_from_postgresql(connection, cursor, wanted)
        return _missing_from_sqlite(connection, cursor, wanted)


def _missing_from_sqlite(connection: BaseDatabaseWrapper, cursor: Any, wanted: list[Refusal]) -> list[str]:
    expected = {refusal.trigger: _statements("sqlite", refusal)[-1] for refusal in wanted}
    for table in {refusal.table for refusal in wanted}:
        expected[f"{table}_no_replace"] = _no_replace(table, connection.introspection.get_constraints(cursor, table))
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = dict(cursor.fetchall())
    return sorted(name for name, sql in expected.items() if found.get(name, "").split() != sql.split())


def _missing_from_postgresql(connection: BaseDatabaseWrapper, cursor: Any, wanted: list[Refusal]) -> list[str]:
    """PostgreSQL rewrites conditions. So the same triggers are made on empty temporary tables, which lock nothing, and
    the rewritten texts are compared.
    """
    cursor.execute("SELECT prosrc FROM pg_proc WHERE oid = to_regproc('jumun_refuse')")
    function = cursor.fetchone()
    if function is None or function[0].strip() not in POSTGRESQL_FUNCTION:
        return sorted({refusal.trigger for refusal in wanted})
    tables = sorted({refusal.table for refusal in wanted})
    found = _definitions(cursor, tables)
    probes = {table: f"jumun_probe_{number}" for number, table in enumerate(tables)}
    for table, probe in probes.items():
        cursor.execute(f"CREATE TEMPORARY TABLE {probe} (LIKE {table})")
        cursor.execute(_no_truncate(table, probe))
    for refusal in wanted:
        for statement in _statements("postgresql", refusal, on=probes[refusal.table]):
            cursor.execute(statement)
    expected = _definitions(cursor, list(probes.values()))
    transaction.set_rollback(True, using=connection.alias)
    return sorted(name for name, definition in expected.items() if found.get(name) != definition)


def _definitions(cursor: Any, tables: list[str]) -> dict[str, str]:
    """The definition of each enabled trigger of the tables, without the table's name."""
    cursor.execute(
        "SELECT tgname, regexp_replace(pg_get_triggerdef(oid), ' ON \\S+ ', ' ON it ') FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgrelid = ANY(%s::regclass[])",
        [tables],
    )
    return dict(cursor.fetchall())


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Drop all triggers until the block ends, to empty a database without real money."""
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            for statement in _removal(connection.vendor):
                cursor.execute(statement)
        yield
        for label in _frozen:
            install(connection, label)


def _removal(vendor: str) -> Iterator[str]:
    if vendor == "postgresql":
        yield "DROP FUNCTION IF EXISTS jumun_refuse() CASCADE"
        return
    for refusals in _frozen.values():
        for refusal in refusals:
            yield f"DROP TRIGGER IF EXISTS {refusal.trigger}"
            yield f"DROP TRIGGER IF EXISTS {refusal.table}_no_replace"


def _install_after_migrate(*, sender: AppConfig, using: str, **_: Any) -> None:
    if router.allow_migrate(using, sender.label):
        install(connections[using], sender.label)
