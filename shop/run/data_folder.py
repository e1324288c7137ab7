"""Whether the files of a data folder can be used. Looking changes none of them."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from shop.run.configuration import ConfigurationError
from shop.terminal import _

# A large database is read only for so long.
CHECK_MAX_S = 3.0
STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 10_000
DATABASE = "jumun.sqlite3"
STAMP = "prepared"


def check_data(folder: Path) -> None:
    """Raise `ConfigurationError`, in one line, for what cannot be written or read and for a damaged database."""
    for name in (".", "documents", "mail"):
        _check_folder(folder / name)
    database = folder / DATABASE
    _check_database(database)
    _check_database(folder / "paywright.sqlite3")
    if (folder / STAMP).exists() and database.exists() and not schema_of(database):
        raise _damaged(database, _("it is empty"))


def schema_of(database: Path) -> list[tuple[str]]:
    """The statements that made the tables, indexes and triggers in the file, but for what SQLite adds by itself.

    An older copy that was put back has others.
    """
    with _opened(database) as connection:
        named = connection.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name")
        return named.fetchall()


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(_("{path} is not a folder: move it away.").format(path=folder.resolve()))
    if folder.exists() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise _closed(folder)


def _check_database(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file = database.with_name(database.name + suffix)
        if file.exists() and not (file.is_file() and os.access(file, os.R_OK | os.W_OK)):
            raise _closed(file)
    if database.exists() and (found := _first_finding(database)):
        raise _damaged(database, found)


def _first_finding(database: Path) -> str:
    """What SQLite finds wrong first, or nothing."""
    give_up = time.monotonic() + CHECK_MAX_S
    try:
        with _opened(database) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > give_up, STEPS_BETWEEN_LOOKS_AT_THE_CLOCK)
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        # Another process may hold the file: it is in use, so it can be read.
        is_fine = error.sqlite_errorcode in {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY}
        return "" if is_fine else str(error)
    return "" if found == "ok" else " ".join(str(found).split())


def _opened(database: Path) -> "closing[sqlite3.Connection]":
    """For reading alone: the last connection that may write would move the write-ahead log into the file."""
    return closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=5))


def _closed(path: Path) -> ConfigurationError:
    message = _("{path} cannot be read and written by this user: change its permissions, or choose --data DIR.")
    return ConfigurationError(message.format(path=path.resolve()))


def _damaged(database: Path, found: str) -> ConfigurationError:
    message = _(
        "The database {path} is damaged ({found}). Nothing was changed: put a backup in its place "
        "(./run manage restore FILE --replace), or choose another folder with --data DIR."
    )
    return ConfigurationError(message.format(path=database.resolve(), found=found))
