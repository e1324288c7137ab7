"""SQLite's part of a backup: a copy by its backup API. A plain copy of a file in use lacks the write-ahead log."""

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
# The header of an SQLite file was read, and does not make sense, or a page of it.
DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def file_of(connection: BaseDatabaseWrapper) -> Path:
    """Raises `BackupRefused` for a database in memory."""
    name = str(connection.settings_dict["NAME"])
    if ":memory:" in name or "mode=memory" in name:
        raise BackupRefused("A database in memory cannot be backed up.")
    return Path(name)


def dump(connection: BaseDatabaseWrapper, to: Path) -> None:
    """Copy the database as it is at one moment; writers are not kept waiting. Raises `BackupRefused`."""
    source = file_of(connection)
    try:
        with _opened(source, "ro") as live, closing(sqlite3.connect(to)) as copy:
            # All pages at once: in steps, every commit in between would begin it anew.
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
    """Raise `BackupRefused` where another process has the database open."""
    path = file_of(connection)
    if path.exists():
        _release_log(path, keep_mode=True)


def replace(connection: BaseDatabaseWrapper, new: Path, finish: Sequence[tuple[str, list[Any]]]) -> Path | None:
    """Carry out the statements of ``finish`` on the ``new`` file, then put it in the place of the database.

    Return where what was there is kept. Raises `BackupRefused` and `OSError`, and then it is in its place.
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
    # The log of a database that is gone, or was damaged, would be played into the new one.
    for suffix in SIDE_FILES:
        if (side := path.with_name(path.name + suffix)).exists():
            side.rename(kept.with_name(kept.name + suffix))
    new.replace(path)
    sync_folder(path.parent)
    return kept if has_old else None


def _release_log(path: Path, *, keep_mode: bool) -> None:
    """Have SQLite move its write-ahead log into the file, which it does for the only user of it.

    Raises `BackupRefused` where there is another. A damaged file has no users.
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
