"""What every bench finds in place: databases full of orders, made when they are first asked for."""

import copy
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.progress import tell
from tests.postgres import temporary_server

ROOT = Path(__file__).resolve().parent.parent
# Nothing that an acknowledgement promises is switched off.
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "listen_addresses=")
# What anybody gives a server that holds gigabytes; the defaults are meant for 1 GB of memory.
SIZED = ("shared_buffers=1GB", "max_wal_size=8GB", "maintenance_work_mem=512MB", "max_connections=200")


class Stage:
    """For the length of a ``with`` block. ``orders`` is how many the databases hold unless a bench asks for less.

    Where ours is ``alone``, a bench need not prepare its peers.
    """

    def __init__(self, *, orders: int, quick: bool = False, database: str | None = None) -> None:
        self.orders = orders
        self.quick = quick
        self.alone = False
        self.rounds = 3 if quick else 5
        self._given = database
        self._filled: dict[tuple[str, int], str] = {}
        # None or one: a list, so that all who hold another number of orders share it.
        self._server: list[str] = []
        self._open = ExitStack()
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="jumun-bench-")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    def growing(self, orders: int) -> Self:
        """The same stage with another number of orders, for ours alone; it ends with this one."""
        other = copy.copy(self)
        other.orders, other.alone, other.rounds = max(1, orders), True, 3
        return other

    def postgresql(self, orders: int | None = None) -> str:
        """The ``DATABASE_URL`` of a PostgreSQL database that holds that many orders."""
        count = self.orders if orders is None else orders
        return self._holding("postgresql", count, f"{self._postgresql_server()}_{count}")

    def sqlite(self, orders: int | None = None) -> str:
        """The ``DATABASE_URL`` of an SQLite file that holds that many orders."""
        count = self.orders if orders is None else orders
        return self._holding("sqlite", count, f"sqlite:///{self.folder}/{count}.sqlite3")

    def empty_postgresql(self, name: str) -> str:
        """The ``DATABASE_URL`` of an empty database of that name, for a peer with tables of its own."""
        import psycopg

        server, _, prefix = self._postgresql_server().rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{prefix}_{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{prefix}_{name}"')
        return f"{server}/{prefix}_{name}"

    def postgresql_version(self) -> str | None:
        """That of the server, if any row has needed one."""
        if not self._server:
            return None
        import psycopg

        server, _, _prefix = self._server[0].rpartition("/")
        with psycopg.connect(f"{server}/postgres") as connection:
            return str(connection.info.parameter_status("server_version")).split()[0]

    def _holding(self, kind: str, count: int, url: str) -> str:
        if (kind, count) not in self._filled:
            began = time.monotonic()
            run_django("bench.fill", str(count), database=url)
            tell(f"  {count:,} orders on {kind}, made in {time.monotonic() - began:.0f} s")
            self._filled[kind, count] = url
        return self._filled[kind, count]

    def _postgresql_server(self) -> str:
        """The URL up to the database's name, of the server given or of one started for this run."""
        if not self._server:
            self._server.append(self._given or self._open.enter_context(temporary_server((*DURABLE, *SIZED))))
        return self._server[0]


def environment(database: str, **more: str) -> dict[str, str]:
    """What a process of the store finds around it: the bench's settings and nothing of this machine's `.env`."""
    return os.environ | {
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "bench.site.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        "JUMUN_ENV_FILE": os.devnull,
        "JUMUN_SECRET_KEY": "for the bench only",
        "STRIPE_SECRET_KEY": "sk_test_bench",
        "STRIPE_WEBHOOK_SECRET": "whsec_bench",
        **more,
    }


def run_django(module: str, *arguments: str, database: str, **more: str) -> str:
    """Run a module to its end and return what it printed. Raises `subprocess.CalledProcessError`."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=environment(database, **more), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()
