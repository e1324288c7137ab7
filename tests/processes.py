"""Real processes on the test's own database, for what threads cannot show: a process that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection


def database_url() -> str:
    """The test database as a ``DATABASE_URL``, for a process that is started beside the test."""
    given = connection.settings_dict
    name = str(given["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    host, user, password = (quote(str(given[key]), safe="") for key in ("HOST", "USER", "PASSWORD"))
    return f"postgres://{user}:{password}@{host}:{given['PORT']}/{name}"


def store_environment(folder: Path) -> dict[str, str]:
    """The environment of a process of the store on the test database; mails are files in ``folder/mail``."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DATABASE_URL": database_url(),
        "JUMUN_ENV_FILE": os.devnull,
        "JUMUN_DATA_DIR": str(folder),
        "JUMUN_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "STRIPE_SECRET_KEY": settings.STRIPE_SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": settings.STRIPE_WEBHOOK_SECRET,
        "STRIPE_API_BASE": settings.STRIPE_API_BASE,
    }


@contextmanager
def worker(folder: Path, *options: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """``manage.py work`` on the test database; mails are written as files into ``folder/mail``."""
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "work", *options],
            env=store_environment(folder) | environment,
            stderr=log,
            stdout=log,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=90)
