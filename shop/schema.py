"""Whether the tables in the database are those that this version's models describe.

Django only knows which migrations were applied, by name.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection


def differences() -> Iterator[str]:
    """What is missing, and columns that are not ours, as ``table.name``. Jumun's own tables."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for model in apps.get_models(include_auto_created=True):
            options = model._meta
            if not options.app_label.startswith("jumun") or not options.managed or options.proxy:
                continue
            if options.db_table not in tables:
                yield options.db_table
                continue
            described = {str(field.column) for field in options.local_concrete_fields}
            found = {row.name for row in connection.introspection.get_table_description(cursor, options.db_table)}
            named = {str(part.name) for part in (*options.constraints, *options.indexes)}
            held = set(map(str, connection.introspection.get_constraints(cursor, options.db_table)))
            yield from (f"{options.db_table}.{name}" for name in sorted((described ^ found) | (named - held)))
