"""Where and with what was measured."""

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.peers import SCRIPTS
from bench.stage import Stage

PACKAGES = (
    *("Django", "psycopg", "stripe", "gunicorn", "typst"),
    *("django-import-export", "weasyprint", "fpdf2", "reportlab", "granian"),
)


def machine() -> str:
    """Processor, cores, memory and system in one line."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {_processor()}, {memory_gb:.0f} GB, {platform.system()} {platform.release()}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def versions(stage: Stage) -> dict[str, str]:
    """What took part, by name: ours, the databases and the peers that are there."""
    found = {"Python": platform.python_version(), "PostgreSQL": stage.postgresql_version()}
    found |= {"SQLite": sqlite3.sqlite_version} | {name: _version(name) for name in PACKAGES}
    # The first line of each file of requirements names the peer.
    pinned = (file.read_text().split()[0].partition("==") for file in sorted(SCRIPTS.glob("*.txt")))
    return {name: number for name, number in found.items() if number} | {name: number for name, _, number in pinned}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
