"""Where and with what was measured."""

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.stage import Stage

OURS = ("Django", "psycopg", "stripe", "gunicorn", "typst")
PEERS = ("django-import-export", "weasyprint", "fpdf2", "reportlab", "granian")
PINNED = Path(__file__).with_name("peers")


def machine() -> str:
    """Processor, cores, memory and system in one line."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {_processor()}, {memory_gb:.0f} GB, {platform.system()} {platform.release()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def versions(stage: Stage) -> dict[str, str]:
    """What took part, by name: ours, the databases and the peers that are there."""
    found = {"Python": platform.python_version(), "PostgreSQL": stage.postgresql_version()}
    found |= {"SQLite": sqlite3.sqlite_version} | {name: _version(name) for name in (*OURS, *PEERS)}
    return {name: number for name, number in found.items() if number} | _pinned()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _pinned() -> dict[str, str]:
    """Those with an environment of their own: the first line of each file names the peer."""
    firsts = (file.read_text().split()[0] for file in sorted(PINNED.glob("*.txt")))
    return {name: number for name, _, number in (line.partition("==") for line in firsts)}
