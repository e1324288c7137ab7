"""Environments of the peers that cannot live beside Jumun, made from their pinned requirements when first asked for."""

import hashlib
import os
import shutil
import sys
from functools import cache

from psycopg.conninfo import conninfo_to_dict

from bench.process import ROOT, output_of
from bench.progress import tell
from bench.row import PeerMissing

HOME = ROOT / ".venv-bench"
SCRIPTS = ROOT / "bench" / "peers"
LIBPQ = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}


def environment(database: str, **more: str) -> dict[str, str]:
    """What libpq and so every driver reads of a PostgreSQL's URL, and nothing of Jumun's."""
    given = {LIBPQ[key]: str(value) for key, value in conninfo_to_dict(database).items() if key in LIBPQ}
    return os.environ | given | {"PYTHONPATH": str(SCRIPTS)} | more


def run(name: str, script: str, *arguments: str, database: str, **more: str) -> str:
    """Run a script of bench/peers/ to its end and return what it printed. Raises `PeerMissing` and `RuntimeError`."""
    return output_of([python(name), str(SCRIPTS / script), *arguments], environment(database, **more))


@cache
def python(name: str) -> str:
    """The interpreter of the environment that ``bench/peers/NAME.txt`` describes. Raises `PeerMissing`."""
    requirements = SCRIPTS / f"{name}.txt"
    stamp = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = HOME / f"{name}-{stamp}"
    interpreter = str(home / "bin" / "python")
    if not (home / "made").exists():
        tell(f"  making the environment of {name} (once)")
        shutil.rmtree(home, ignore_errors=True)
        if uv := shutil.which("uv"):
            create = [uv, "venv", "--quiet", "--python", sys.executable, str(home)]
            install = [uv, "pip", "install", "--quiet", "--python", interpreter]
        else:
            create = [sys.executable, "-m", "venv", str(home)]
            install = [interpreter, "-m", "pip", "install", "--quiet"]
        try:
            output_of(create)
            output_of([*install, "-r", str(requirements)])
        except RuntimeError as error:
            raise PeerMissing(f"{requirements.name} could not be installed: {error}") from error
        (home / "made").touch()
    return interpreter
