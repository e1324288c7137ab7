"""Environments of the peers that cannot live beside Jumun, made from their pinned requirements when first asked for."""

import hashlib
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from bench.row import PeerMissing
from bench.stage import ROOT

HOME = ROOT / ".venv-bench"


@cache
def python(name: str) -> Path:
    """The interpreter of the environment that ``bench/peers/NAME.txt`` describes. Raises `PeerMissing`."""
    requirements = ROOT / "bench" / "peers" / f"{name}.txt"
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
