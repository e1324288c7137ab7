"""PostgreSQL's part of a backup: pg_dump writes it, and psql reads it in one transaction."""

import gzip
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.client import DatabaseClient

from jumun.errors import BackupRefused
from jumun.invoices.backup.package import PIECE_BYTES

PART = "database.sql.gz"
ERROR_MAX_CHARS = 500
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")

# Empties the schema, except what belongs to extensions and what is dropped with its table. The dump creates it anew.
_EMPTY = """
SET client_min_messages TO warning;
DO $empty$
DECLARE statement text;
BEGIN
  FOR statement IN
    SELECT format('DROP %s IF EXISTS %I.%I CASCADE',
        CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
        nspname, relname)
      FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = '{schema}' AND relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT EXISTS (
        SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'e', 'i')
           AND refclassid IN ('pg_class'::regclass, 'pg_extension'::regclass))
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', pg_proc.oid::regprocedure)
      FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
     WHERE nspname = '{schema}' AND NOT EXISTS (
        SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS %s CASCADE', pg_type.oid::regtype)
      FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace
     WHERE nspname = '{schema}' AND typtype IN ('e', 'd') AND NOT EXISTS (
        SELECT 1 FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e')
  LOOP
    EXECUTE statement;
  END LOOP;
END
$empty$;
"""


@contextmanager
def dumped(connection: BaseDatabaseWrapper, to: Path) -> Iterator[Any]:
    """Dump a snapshot of the database; the block's cursor sees the same snapshot.

    Raises `BackupRefused`.
    """
    command, environment = _command(connection, "pg_dump")
    with transaction.atomic(using=connection.alias, durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), current_schema()")
        snapshot, schema = cursor.fetchone()
        cursor.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname <> %s AND nspname NOT LIKE 'pg\\_%%'"
            " AND nspname <> 'information_schema'",
            [schema],
        )
        others = [f"--exclude-schema={_quoted_name(name)}" for (name,) in cursor.fetchall()]
        chosen = [f"--snapshot={snapshot}", "--no-owner", "--no-privileges", "--no-comments", *others]
        _run([command[0], *chosen, "--compress=6", f"--file={to}", *command[1:]], environment)
        yield cursor


def check_unused(connection: BaseDatabaseWrapper) -> None:
    """Raises `BackupRefused` if somebody else is connected to the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        (others,) = cursor.fetchone()
    if others:
        raise BackupRefused(
            f"The database is in use ({others} other connections): stop the store, its workers and whatever else "
            "reads it."
        )


def replace(connection: BaseDatabaseWrapper, new: Path, finish: Sequence[tuple[str, list[Any]]]) -> None:
    """Replace the schema's contents by the dump and run the statements of ``finish``, in one transaction.

    Raises `BackupRefused`; then nothing has changed.
    """
    command, environment = _command(connection, "psql")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (schema,) = cursor.fetchone()
    last = [
        connection.ops.compose_sql(statement, values)  # type: ignore[attr-defined]
        for statement, values in finish
    ]
    connection.close()
    quiet = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 (no shell)
            [command[0], *quiet, "--single-transaction", "--file=-", *command[1:]],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        assert process.stdin  # noqa: S101 (asked for above)
        try:
            with process.stdin as script, gzip.open(new) as dump:
                script.write(_emptying(schema).encode())
                while piece := dump.read(PIECE_BYTES):
                    script.write(piece)
                script.write(f"\nSET search_path TO {_quoted_name(schema)};\n".encode())
                for statement in last:
                    script.write(f"{statement};\n".encode())
        except BrokenPipeError:
            pass  # psql reports the reason
        except BaseException:
            process.kill()
            process.wait()
            raise
        code = process.wait()
        errors.seek(0)
        _check(code, "psql", errors.read(64 * 1024))


def _emptying(schema: str) -> str:
    if schema == "public":
        return _EMPTY.format(schema=schema)
    # The dump creates any other schema itself.
    return f"DROP SCHEMA IF EXISTS {_quoted_name(schema)} CASCADE;\n"


def _quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _command(connection: BaseDatabaseWrapper, program: str) -> tuple[list[str], dict[str, str]]:
    """The program with the database as its arguments, and its environment, which has the password.

    Raises `BackupRefused` if the program is missing or older than the server.
    """
    path = shutil.which(program)
    if path is None:
        raise BackupRefused(f"{program} is not on PATH: install PostgreSQL's client programs (postgresql-client).")
    connection.ensure_connection()
    server = connection.pg_version // 10_000  # type: ignore[attr-defined]
    found = _VERSION.search(_run([path, "--version"], dict(os.environ)))
    if found is None or int(found[1]) < server:
        version = found[1] if found else "of an unknown version"
        raise BackupRefused(f"{program} is {version} and the server is {server}: install client programs {server}.")
    arguments, added = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    return [path, *arguments[1:]], {**os.environ, **(added or {})}


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 (no shell)
    _check(done.returncode, Path(command[0]).name, done.stderr)
    return done.stdout.decode(errors="replace")


def _check(code: int, program: str, errors: bytes) -> None:
    if code:
        words = " ".join(errors.decode(errors="replace").split())
        raise BackupRefused(f"{program} failed with exit code {code}: {words[:ERROR_MAX_CHARS]}")
