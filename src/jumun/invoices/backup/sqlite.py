"""SQLite's part of a backup: a copy by its backup API, since a plain copy would lack the write-ahead log."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from jumun.errors import BackupRefused
from jumun.invoices.backup.package import sync_folder

PART = "database.sqlite3"
BUSY_S = 5.0
SIDE_FILES = ("-wal", "-shm", "-journal")
# The header or a page of the file is invalid.
DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def file_of(connection: BaseDatabaseWrapper) -> Path:
    """Raises `BackupRefused` for a database in memory."""
    name = str(connection.settings_dict["NAME"])
    if ":memory:" in name or "mode=memory" in name:
        raise BackupRefused("A database in memory cannot be backed up.")
    return Path(name)


def dump(connection: BaseDatabaseWrapper, to: Path) -> None:
    """Copy a snapshot of the database without blocking writers. Raises `BackupRefused`."""
    source = file_of(connection)
    try:
        with _opened(source, "ro") as live, closing(sqlite3.connect(to)) as copy:
            # All pages at once: in steps, every commit would restart the copy.
            live.backup(copy, pages=-1)
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise BackupRefused(f"{source} cannot be copied: {error}") from error
    if found != "ok":
        raise BackupRefused(f"{source} is damaged ({' '.join(str(found).split())}): nothing was written.")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Cursor]:
    with _opened(path, "ro") as connection:
        yield connection.cursor()


def check_unused(connection: BaseDatabaseWrapper) -> None:
    """Raises `BackupRefused` if another process has the database open."""
    path = file_of(connection)
    if path.exists():
        _release_log(path, keep_mode=True)


def replace(connection: BaseDatabaseWrapper, new: Path, finish: Sequence[tuple[str, list[Any]]]) -> Path | None:
    """Run the statements of ``finish`` on the ``new`` file, then replace the database by it.

    Return the file to which the old database was renamed. Raises `BackupRefused` and `OSError`; then the old database
    is still in its place.
    """
    with closing(sqlite3.connect(new)) as restored, restored:
        for statement, values in finish:
            restored.execute(statement.replace("%s", "?"), values)
    path = file_of(connection)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = path.with_name(f"{path.name}.before-restore-{datetime.now():%Y%m%d-%H%M%S}")  # noqa: DTZ005 (for people)
    has_old = path.exists()
    if has_old:
        _release_log(path, keep_mode=False)
        try:
            os.link(path, kept)
        except OSError:  # a file system without hard links
            shutil.copy2(path, kept)
    # Otherwise SQLite would apply the log of a missing or damaged database to the new one.
    for suffix in SIDE_FILES:
        if (side := path.with_name(path.name + suffix)).exists():
            side.rename(kept.with_name(kept.name + suffix))
    new.replace(path)
    sync_folder(path.parent)
    return kept if has_old else None


def _release_log(path: Path, *, keep_mode: bool) -> None:
    """Make SQLite move its write-ahead log into the file, which it only does for the only user.

    Raises `BackupRefused` if there are others. Does nothing for a damaged file.
    """
    try:
        with _opened(path, "rw") as connection:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
            if keep_mode:
                connection.execute(f"PRAGMA journal_mode={mode}")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in DAMAGED:
            return
        raise BackupRefused(
            f"{path} is in use ({error}): stop the store, its worker and whatever else reads it."
        ) from error


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    location = f"{path.resolve().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(location, uri=True, timeout=BUSY_S, isolation_level=None)) as connection:
        yield connection
