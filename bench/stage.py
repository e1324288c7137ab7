"""What every bench finds in place: databases full of orders, made when they are first asked for."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Self

import psycopg
from psycopg.sql import SQL, Identifier

from bench.process import in_django
from bench.progress import tell
from tests.postgres import temporary_server

# Nothing that an acknowledgement promises is switched off.
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "listen_addresses=")
# What anybody gives a server that holds gigabytes; the defaults are meant for 1 GB of memory.
SIZED = ("shared_buffers=1GB", "max_wal_size=8GB", "maintenance_work_mem=512MB", "max_connections=200")


class Stage:
    """For the length of a ``with`` block. ``orders`` is how many the databases hold unless a bench asks for less.

    ``database`` is the URL of a PostgreSQL up to the beginning of its databases' names.
    """

    def __init__(self, *, orders: int, quick: bool = False, database: str | None = None) -> None:
        self.orders = orders
        self.quick = quick
        self.alone = False
        self._given = database
        self._filled: set[str] = set()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @contextmanager
    def ours_alone(self, orders: int) -> Iterator[None]:
        """Inside the block the stage has another number of orders, and ours is without peers."""
        before = self.orders
        self.orders, self.alone = max(1, orders), True
        yield
        self.orders, self.alone = before, False

    @property
    def rounds(self) -> int:
        return 3 if self.quick or self.alone else 5

    @cached_property
    def folder(self) -> Path:
        return Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="jumun-bench-")))

    @cached_property
    def _server(self) -> str:
        return self._given or self._open.enter_context(temporary_server((*DURABLE, *SIZED)))

    def postgresql(self) -> str:
        """The ``DATABASE_URL`` of a PostgreSQL database that holds all orders."""
        return self._full(f"{self._server}_{self.orders}", self.orders)

    def sqlite(self, orders: int | None = None) -> str:
        """The ``DATABASE_URL`` of an SQLite file that holds all orders, or so many."""
        count = orders or self.orders
        return self._full(f"sqlite:///{self.folder}/{count}.sqlite3", count)

    def empty_postgresql(self, name: str) -> str:
        """The URL of an empty database, for a peer with tables of its own."""
        self._create(f"{self._server}_{name}", anew=True)
        return f"{self._server}_{name}"

    def postgresql_version(self) -> str | None:
        """That of the server, if any row has needed one."""
        if "_server" not in self.__dict__:
            return None
        with psycopg.connect(f"{self._server.rpartition('/')[0]}/postgres") as connection:
            return str(connection.info.parameter_status("server_version")).split()[0]

    def _create(self, url: str, *, anew: bool = False) -> None:
        server, _, name = url.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            if anew:
                connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))

    def _full(self, url: str, count: int) -> str:
        if url not in self._filled:
            began = time.monotonic()
            if url.startswith("postgresql"):
                self._create(url)
            in_django("fill", str(count), database=url)
            tell(f"  {count:,} orders in {url.partition(':')[0]}, made in {time.monotonic() - began:.0f} s")
            self._filled.add(url)
        return url
