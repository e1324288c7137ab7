"""Indexes with which PostgreSQL finds parts of names and numbers among millions (its extension pg_trgm).

Any owner of a database may create the extension. If the role may not, or the server lacks it, searches read the whole
table.
"""

import logging
from typing import Any

from django.db import DatabaseError, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

logger = logging.getLogger("jumun.backoffice")

SEARCHED = (
    ("jumun_orders_order", "number"),
    ("jumun_orders_order", "name"),
    ("jumun_orders_order", "email"),
    ("jumun_invoices_invoice", "number"),
    ("jumun_payments_payment", "payment_intent_id"),
)


def create(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For a migration; does nothing on other databases than PostgreSQL."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        logger.warning("the backoffice's search has no index, since pg_trgm cannot be created: %s", error)
        return
    for table, column in SEARCHED:
        # As Django's `icontains` queries.
        schema_editor.execute(
            f'CREATE INDEX IF NOT EXISTS "{_name(table, column)}" ON "{table}"'
            f' USING gin (UPPER("{column}"::text) gin_trgm_ops)'
        )


def drop(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table, column in SEARCHED:
            schema_editor.execute(f'DROP INDEX IF EXISTS "{_name(table, column)}"')


def _name(table: str, column: str) -> str:
    return f"{table}_{column}_trigrams"
