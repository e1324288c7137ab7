from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import connections

from jumun.conf import UnknownSetting, build


@register()
def check_settings(**_: Any) -> list[CheckMessage]:
    """The ``JUMUN`` dict holds only keys that are read."""
    try:
        build(getattr(settings, "JUMUN", {}))
    except UnknownSetting as error:
        return [Error(str(error), id="jumun.E001")]
    return []


@register()
def check_sqlite_locks(**_: Any) -> list[CheckMessage]:
    """SQLite must take its write lock when a transaction begins.

    With the default (DEFERRED) two transactions that both read and then write fail with "database is locked"
    at once, without waiting for the timeout.
    """
    return [
        Error(
            f'DATABASES["{alias}"] is SQLite and needs OPTIONS["transaction_mode"] = "IMMEDIATE".',
            hint="Without it concurrent payments fail with 'database is locked'.",
            id="jumun.E002",
        )
        for alias in connections
        if connections[alias].vendor == "sqlite"
        and connections[alias].settings_dict.get("OPTIONS", {}).get("transaction_mode") != "IMMEDIATE"
    ]
