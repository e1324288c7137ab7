"""Prepares the database in a process of its own, unless this version of the store has done so already.

A start then need not load Django to ask.
"""

import hashlib
import json
import secrets
import subprocess
import sys

from shop.run.configuration import ROOT, Configuration, ConfigurationError
from shop.run.data_folder import DATABASE, STAMP, schema_of
from shop.run.store import StoreFailed
from shop.terminal import _

# What the prepared database depends on besides the files: another database, other prices.
VARIABLES = ("DATABASE_URL", "JUMUN_CURRENCY")


def prepare(configuration: Configuration) -> str | None:
    """Bring the database up to date; return the staff user's password if the user was made now.

    Raises `ConfigurationError` for the database of another version, and `StoreFailed`.
    """
    if is_prepared(configuration):
        return None
    password = secrets.token_urlsafe(9)
    done = subprocess.run(
        [sys.executable, "-m", "django", "prepare"],
        env={**configuration.environment, "JUMUN_STAFF_PASSWORD": password},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoreFailed(_("The database could not be prepared.") + f"\n{done.stdout}")
    prepared = json.loads(done.stdout.splitlines()[-1])
    if prepared["unfit"]:
        message = _(
            "The database was made by another version of Jumun, and this one cannot bring it up to date ({what}): "
            "choose another folder with --data DIR, or run the version that made it."
        )
        raise ConfigurationError(message.format(what=prepared["unfit"]))
    mark_prepared(configuration)
    return password if prepared["staff_made"] else None


def is_prepared(configuration: Configuration) -> bool:
    """False also for a database on a server, which may have been emptied without our noticing."""
    stamp = configuration.data / STAMP
    if configuration.environment.get("DATABASE_URL") or not (configuration.data / DATABASE).exists():
        return False
    return stamp.exists() and stamp.read_text() == _fingerprint(configuration)


def mark_prepared(configuration: Configuration) -> None:
    (configuration.data / STAMP).write_text(_fingerprint(configuration))


def _fingerprint(configuration: Configuration) -> str:
    """A digest of the code that prepares a database, and of the tables that are there."""
    database = configuration.data / DATABASE
    schema = repr(schema_of(database)) if database.exists() else ""
    # The lock gives each version of Python its own Django, with its own migrations.
    parts = [sys.version, schema, *(configuration.environment.get(name, "") for name in VARIABLES)]
    files = [ROOT / "requirements.lock", *(ROOT / "src" / "jumun").glob("*/migrations/*.py")]
    files += [path for path in (ROOT / "shop").rglob("*") if path.suffix in {".py", ".toml"}]
    digest = hashlib.sha256("\0".join(parts).encode())
    for path in sorted(files):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
