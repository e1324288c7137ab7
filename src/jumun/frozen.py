"""Triggers by which the database itself refuses to change or delete what is final, whoever asks.

They are put in place after every ``migrate`` rather than by one migration: SQLite's way to alter a table is to build it
anew, which silently loses its triggers. Why as they are: docs/decisions/0020-frozen-in-the-database.md.
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
    """That ``act`` (UPDATE or DELETE) of ``table`` is refused, always or where the SQL ``condition`` holds."""

    trigger: str
    table: str
    act: str
    condition: str | None = None


def refuse_all(table: str, trigger_prefix: str) -> tuple[Refusal, Refusal]:
    """The refusals of a table to which rows are only ever added."""
    return (
        Refusal(trigger=f"{trigger_prefix}_no_update", table=table, act="UPDATE"),
        Refusal(trigger=f"{trigger_prefix}_no_delete", table=table, act="DELETE"),
    )


_frozen: dict[str, tuple[Refusal, ...]] = {}


def freeze(app: AppConfig, *refusals: Refusal) -> None:
    """Have the database refuse these acts on tables of ``app`` from its next ``migrate`` on; call it in ``ready``.

    PostgreSQL refuses to TRUNCATE the tables as well, SQLite to REPLACE a row of them.
    """
    _frozen[app.label] = refusals
    post_migrate.connect(_install_after_migrate, sender=app)


def install(connection: BaseDatabaseWrapper, label: str) -> None:
    """Put an app's triggers in place, in the form that this version wants; tables that do not exist are left out."""
    existing = set(connection.introspection.table_names())
    wanted = [refusal for refusal in _frozen[label] if refusal.table in existing]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
            for table in sorted({refusal.table for refusal in wanted}):
                head = f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
                cursor.execute(f"{head} EXECUTE FUNCTION jumun_refuse()")
        if connection.vendor == "sqlite":
            for table in sorted({refusal.table for refusal in wanted}):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_replace")
                cursor.execute(_no_replace(table, connection.introspection.get_constraints(cursor, table)))
        for refusal in wanted:
            for statement in _statements(connection.vendor, refusal):
                cursor.execute(statement)


def _no_replace(table: str, constraints: dict[str, Any]) -> str:
    """SQLite's REPLACE deletes the rows that are in its way without asking the triggers of DELETE; so whatever has a
    value of theirs that is to be unique is refused before.
    """
    unique = [found["columns"] for found in constraints.values() if found["unique"] or found["primary_key"]]
    same = " OR ".join(" AND ".join(f"{column} = NEW.{column}" for column in columns) for columns in unique)
    message = f"jumun: INSERT into {table} is refused: what is written there is final"
    met = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608  (names of our own tables)
    body = f"BEGIN SELECT RAISE(ABORT, '{message}') WHERE EXISTS ({met}); END"
    return f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} FOR EACH ROW {body}"


def _statements(vendor: str, refusal: Refusal) -> list[str]:
    when = f"WHEN ({refusal.condition})" if refusal.condition else ""
    head = f"TRIGGER {refusal.trigger} BEFORE {refusal.act} ON {refusal.table} FOR EACH ROW {when}"
    if vendor == "postgresql":
        return [f"CREATE OR REPLACE {head} EXECUTE FUNCTION jumun_refuse()"]
    message = f"jumun: {refusal.act} of {refusal.table} is refused: what is written there is final"
    body = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    return [f"DROP TRIGGER IF EXISTS {refusal.trigger}", f"CREATE {head} {body}"]


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without any of the triggers until the block ends: for emptying a database that never saw real money."""
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
