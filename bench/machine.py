"""Where and with what was measured."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("Django", "psycopg", "stripe", "gunicorn", "typst")


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


def versions() -> dict[str, str]:
    """What took part on our side, by name."""
    packages = {name: version(name) for name in PACKAGES}
    return {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version, **packages}
