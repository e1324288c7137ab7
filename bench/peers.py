"""Environments of the peers that cannot live beside Jumun, made from their pinned requirements when first asked for."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from pathlib import Path

from bench.row import PeerMissing
from bench.stage import ROOT

HOME = ROOT / ".venv-bench"
SCRIPTS = ROOT / "bench" / "peers"

Run = Callable[[], Mapping[str, float]]


def when_first_run(stack: ExitStack, prepared: Callable[[], AbstractContextManager[Run]]) -> Run:
    """What ``prepared`` yields, set up when it is first called and cleared away with ``stack``: a peer that is missing
    leaves the others alone, and one that is not asked costs nothing.
    """

    @cache
    def ready() -> Run:
        return stack.enter_context(prepared())

    def run() -> Mapping[str, float]:
        return ready()()

    return run


def environment(database: str, **more: str) -> dict[str, str]:
    """What libpq and so every driver reads of a PostgreSQL's URL, and nothing of Jumun's."""
    from psycopg.conninfo import conninfo_to_dict

    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    given = {names[key]: str(value) for key, value in conninfo_to_dict(database).items() if key in names}
    return os.environ | given | {"PYTHONPATH": str(SCRIPTS)} | more


def run(name: str, script: str, *arguments: str, database: str, **more: str) -> str:
    """Run a script of bench/peers/ to its end and return what it printed.

    Raises `PeerMissing` and `subprocess.CalledProcessError`.
    """
    command = [str(python(name)), str(SCRIPTS / script), *arguments]
    done = subprocess.run(command, env=environment(database, **more), cwd=SCRIPTS, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


@cache
def python(name: str) -> Path:
    """The interpreter of the environment that ``bench/peers/NAME.txt`` describes. Raises `PeerMissing`."""
    requirements = SCRIPTS / f"{name}.txt"
    stamp = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = HOME / f"{name}-{stamp}"
    if not (home / "made").exists():
        shutil.rmtree(home, ignore_errors=True)
        _make(home, requirements)
        (home / "made").touch()
    return home / "bin" / "python"


def _make(home: Path, requirements: Path) -> None:
    print(f"making the environment of {requirements.stem} (once)", file=sys.stderr)
    interpreter = str(home / "bin" / "python")
    if uv := shutil.which("uv"):
        create = [uv, "venv", "--quiet", "--python", sys.executable, str(home)]
        install = [uv, "pip", "install", "--quiet", "--python", interpreter]
    else:
        create = [sys.executable, "-m", "venv", str(home)]
        install = [interpreter, "-m", "pip", "install", "--quiet"]
    for command in (create, [*install, "-r", str(requirements)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PeerMissing(f"{requirements.name} could not be installed: {done.stderr.strip()[-400:]}")
