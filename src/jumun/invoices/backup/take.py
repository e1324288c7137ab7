import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections, router
from django.utils import timezone

import jumun
from jumun.conf import jumun as settings
from jumun.errors import BackupRefused
from jumun.invoices import archive
from jumun.invoices.backup import postgresql, sqlite
from jumun.invoices.backup.manifest import Manifest
from jumun.invoices.backup.package import PackageWriter, writing
from jumun.invoices.models import Series


def take_backup(to: Path) -> tuple[Path, Manifest]:
    """Write the database and the documents to the file ``to``, or to a new file in the folder ``to``.

    The store may keep running. Raises `BackupRefused` and `OSError`.
    """
    taken_at = timezone.now()
    path = to / f"jumun-{taken_at:%Y%m%dT%H%M%SZ}.tar" if to.is_dir() else to
    connection = connections[router.db_for_write(Series)]
    # The folder hides the copy of the database from other users.
    with tempfile.TemporaryDirectory(prefix=".jumun-backup-", dir=path.parent) as folder, writing(path) as package:
        # The database first: then the archive has every document that the database knows.
        with _dumped(connection, Path(folder)) as (part, dump, cursor):
            package.add_database(part, dump)
            migrations = _migrations(cursor)
            series = _series(cursor)
        manifest = Manifest(
            jumun=jumun.__version__,
            taken_at=taken_at.isoformat(),
            vendor=connection.vendor,
            migrations=migrations,
            series=series,
            site_url=settings().site_url,
            document_count=_add_documents(package),
        )
        package.finish(manifest)
    return path, manifest


@contextmanager
def _dumped(connection: Any, folder: Path) -> Iterator[tuple[str, Path, Any]]:
    """The part's name, its file, and a cursor that sees the same snapshot."""
    match connection.vendor:
        case "sqlite":
            copy = folder / sqlite.PART
            sqlite.dump(connection, copy)
            with sqlite.reading(copy) as cursor:
                yield sqlite.PART, copy, cursor
        case "postgresql":
            copy = folder / postgresql.PART
            with postgresql.dumped(connection, copy) as cursor:
                yield postgresql.PART, copy, cursor
        case vendor:
            raise BackupRefused(f"Backups are made of SQLite and PostgreSQL, not of {vendor}.")


def _migrations(cursor: Any) -> dict[str, list[str]]:
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
    applied: dict[str, list[str]] = {}
    for app, name in cursor.fetchall():
        applied.setdefault(app, []).append(name)
    return applied


def _series(cursor: Any) -> dict[str, int]:
    cursor.execute("SELECT prefix, year, last_number FROM jumun_invoices_series ORDER BY id")
    return {f"{prefix}-{year}": last_number for prefix, year, last_number in cursor.fetchall()}


def _add_documents(package: PackageWriter) -> int:
    storage, count = archive.storage(), 0
    for name in archive.names():
        try:
            with storage.open(name) as file:
                package.add_document(name, storage.size(name), file)
        except FileNotFoundError:
            continue  # two workers made the same PDF, and one has removed its file
        count += 1
    return count
