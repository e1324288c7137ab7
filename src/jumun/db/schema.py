"""Whether the database has the tables that this version of the code reads and writes."""

from collections.abc import Iterable

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

Migration = tuple[str, str]


def unapplied_migrations(connection: BaseDatabaseWrapper) -> list[str]:
    """Migrations of all installed apps that are not applied yet, such as ``jumun_orders.0002_name``."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def newer_migrations(applied: Iterable[Migration]) -> list[str]:
    """Applied migrations of Jumun that this version does not have, because a newer version made the tables."""
    ours = {config.label for config in apps.get_app_configs() if config.name.partition(".")[0] == "jumun"}
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    return sorted(f"{app}.{name}" for app, name in applied if app in ours and (app, name) not in known)


def schema_problem(connection: BaseDatabaseWrapper) -> str:
    """One sentence about why this version cannot work with the database; empty if it can."""
    if unapplied := unapplied_migrations(connection):
        return f"The database lacks migrations ({_named(unapplied)}): run manage.py migrate."
    if newer := newer_migrations(MigrationLoader(connection).applied_migrations):
        return f"The database was made by a newer version of Jumun ({_named(newer)}): run that version."
    return ""


def _named(migrations: list[str]) -> str:
    return ", ".join(migrations[:3]) + (f" and {len(migrations) - 3} more" if len(migrations) > 3 else "")
