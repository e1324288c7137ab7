"""Whether this very version of the store prepared the database, so that a later start need not load Django to ask."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from shop.configuration import ROOT, Configuration
from shop.data_folder import DATABASE, STAMP, schema_of

# What the prepared database depends on besides the files: another database, other prices.
VARIABLES = ("DATABASE_URL", "JUMUN_CURRENCY")


def is_fresh(configuration: Configuration) -> bool:
    """False also for a database on a server, which may have been emptied without our noticing."""
    if configuration.environment.get("DATABASE_URL") or not (configuration.data / DATABASE).exists():
        return False
    stamp = _stamp(configuration)
    return stamp.exists() and stamp.read_text() == _fingerprint(configuration)


def mark_fresh(configuration: Configuration) -> None:
    """Remember what the database was prepared by."""
    _stamp(configuration).write_text(_fingerprint(configuration))


def _stamp(configuration: Configuration) -> Path:
    return configuration.data / STAMP


def _fingerprint(configuration: Configuration) -> str:
    digest = hashlib.sha256()
    for path in sorted(_files()):
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    # The lock gives each version of Python its own Django, with its own migrations.
    digest.update(f"{sys.version_info[:2]}\0".encode())
    database = configuration.data / DATABASE
    digest.update(f"{schema_of(database) if database.exists() else ''}\0".encode())
    for name in VARIABLES:
        digest.update(f"{name}={configuration.environment.get(name, '')}\0".encode())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    yield ROOT / "requirements.lock"
    yield from (ROOT / "src" / "jumun").glob("*/migrations/*.py")
    yield from (path for path in (ROOT / "shop").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
