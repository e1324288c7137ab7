"""Replace the database by a backup, and add its documents."""

import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import DatabaseError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from jumun.db.schema import newer_migrations
from jumun.errors import BackupRefused
from jumun.invoices import archive
from jumun.invoices.backup import postgresql, sqlite
from jumun.invoices.backup.manifest import Manifest
from jumun.invoices.backup.package import Package
from jumun.invoices.models import Invoice, Series
from jumun.invoices.numbers import parse_number
from jumun.orders.models import Order

_PARTS = {"sqlite": sqlite.PART, "postgresql": postgresql.PART}
# Committed together with the restored rows, so that no number can be assigned in between.
_HOLD = """
INSERT INTO jumun_invoices_restoration (livemode, taken_at, restored_at, known_numbers)
VALUES (%s, %s, %s, %s), (%s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The result; ``kept`` is the file of the replaced database, if it was a file."""

    manifest: Manifest
    added_count: int
    # New names of documents that were in the archive with other content.
    set_aside: list[str]
    kept: Path | None


def restore_backup(path: Path, *, replace: bool, known_numbers: Mapping[str, int]) -> Restored:
    """Replace the database by the backup at ``path``, and add its documents to the archive.

    ``replace`` allows that for a store with orders, invoices or documents. No document is lost. Each series continues
    after the highest number in the archive, in the replaced database and in ``known_numbers`` (by series, such as
    ``{"INV-2026": 123}``). Nobody else may use the database. Raises `BackupRefused` and `OSError`; then the database is
    unchanged.
    """
    connection = connections[router.db_for_write(Series)]
    package = Package(path)
    manifest = package.verified()
    _check_fits(manifest, connection)
    # Close our own connection, which would count as somebody else's.
    connections.close_all()
    _check_unused(connection)
    if not replace and _is_in_business(connection):
        raise BackupRefused("There is a store with orders or documents here already: --replace replaces it.")
    known = _highest(known_numbers, _archived_numbers(), _series_of(connection))
    connections.close_all()
    with tempfile.TemporaryDirectory(prefix=".jumun-restore-", dir=_folder(connection)) as folder:
        part = Path(folder) / _PARTS[manifest.vendor]
        package.extract_database(part.name, part)
        added_count, differing = _add_documents(package)
        kept = _replace(connection, part, _hold(connection, manifest, known))
    set_aside = _set_aside(package, differing)
    call_command("migrate", interactive=False, verbosity=0)
    return Restored(manifest=manifest, added_count=added_count, set_aside=set_aside, kept=kept)


def _check_fits(manifest: Manifest, connection: BaseDatabaseWrapper) -> None:
    if manifest.vendor != connection.vendor or manifest.vendor not in _PARTS:
        raise BackupRefused(f"The backup is of {manifest.vendor}, and the database here is {connection.vendor}.")
    applied = ((app, name) for app, names in manifest.migrations.items() for name in names)
    if newer := newer_migrations(applied):
        raise BackupRefused(
            f"The backup was made by a newer version of Jumun, {manifest.jumun} (it has {newer[0]}): "
            "restore it with that version."
        )


def _check_unused(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "sqlite":
        sqlite.check_unused(connection)
    else:
        postgresql.check_unused(connection)


def _is_new(connection: BaseDatabaseWrapper) -> bool:
    """Whether there is no database file yet, which a query would create."""
    return connection.vendor == "sqlite" and not sqlite.file_of(connection).exists()


def _is_in_business(connection: BaseDatabaseWrapper) -> bool:
    """Whether anything would be lost. A database that cannot be read may contain anything."""
    if next(archive.names(), None) is not None:
        return True
    if _is_new(connection):
        return False
    try:
        tables = connection.introspection.table_names()
        return any(
            model._meta.db_table in tables and model._default_manager.using(connection.alias).exists()
            for model in (Order, Invoice)
        )
    except DatabaseError:
        return True


def _series_of(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """The last number of each series in the database that is to be replaced, if it can be read."""
    if _is_new(connection):
        return {}
    with suppress(DatabaseError):
        return {str(series): series.last_number for series in Series.objects.using(connection.alias)}
    return {}


def _archived_numbers() -> dict[str, int]:
    """By series, the highest document number of the archive."""
    highest: dict[str, int] = {}
    for name in archive.names():
        try:
            series, number = parse_number(name.rpartition("/")[2])
        except ValueError:
            continue
        highest[series] = max(number, highest.get(series, 0))
    return highest


def _highest(*known: Mapping[str, int]) -> dict[str, int]:
    names = sorted({name for numbers in known for name in numbers})
    return {name: max(numbers.get(name, 0) for numbers in known) for name in names}


def _folder(connection: BaseDatabaseWrapper) -> Path | None:
    """Where the backup's database is unpacked: for SQLite beside the file that it replaces, on the same disk."""
    if connection.vendor != "sqlite":
        return None
    folder = sqlite.file_of(connection).parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _add_documents(package: Package) -> tuple[int, set[str]]:
    """Add the documents that the archive lacks; return their count, and the names of those that differ."""
    count, differing = 0, set()
    for name, content in package.documents():
        found = archive.fetch(name)
        if found is None:
            archive.store(name, content)
            count += 1
        elif found != content:
            differing.add(name)
    return count, differing


def _set_aside(package: Package, differing: set[str]) -> list[str]:
    """Rename documents of the archive that differ from the backup's, and store the backup's under their names."""
    moved: list[str] = []
    for name, content in package.documents() if differing else ():
        if name in differing and (found := archive.fetch(name)) is not None:
            moved.append(archive.store(name, found, keep_apart=True))
            archive.replace(name, content)
    return moved


def _hold(connection: BaseDatabaseWrapper, manifest: Manifest, known: Mapping[str, int]) -> list[tuple[str, list[Any]]]:
    adapt = connection.ops.adapt_datetimefield_value
    taken_at = adapt(datetime.fromisoformat(manifest.taken_at))
    values = [taken_at, adapt(timezone.now()), json.dumps(dict(known))]
    return [(_HOLD, [True, *values, False, *values])]


def _replace(connection: BaseDatabaseWrapper, new: Path, finish: list[tuple[str, list[Any]]]) -> Path | None:
    if connection.vendor == "sqlite":
        return sqlite.replace(connection, new, finish)
    postgresql.replace(connection, new, finish)
    return None
