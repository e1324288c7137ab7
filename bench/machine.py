"""Where and with what was measured."""

import os
import platform
import re
import sqlite3
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.peers import SCRIPTS
from bench.stage import Stage

PACKAGES = (
    *("Django", "psycopg", "stripe", "gunicorn", "typst"),
    *("django-import-export", "weasyprint", "reportlab", "granian"),
)


def machine() -> str:
    """Processor, cores, memory and system in one line."""
    processor = re.search(r"^model name\s*: (.+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = f"{os.cpu_count()} x {processor[1] if processor else platform.machine()}"
    return f"{cores}, {memory_gb:.0f} GB, {platform.system()} {platform.release()}"


def versions(stage: Stage) -> dict[str, str]:
    """What took part, by name: ours, the databases and the peers that are there."""
    found = {"Python": platform.python_version()}
    if postgresql := stage.postgresql_version():
        found["PostgreSQL"] = postgresql
    found["SQLite"] = sqlite3.sqlite_version
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    # The first line of each file of requirements names the peer.
    pinned = (file.read_text().split()[0].partition("==") for file in sorted(SCRIPTS.glob("*.txt")))
    return found | {name: number for name, _, number in pinned}
