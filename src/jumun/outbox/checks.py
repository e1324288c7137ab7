from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import connections

from jumun import money
from jumun.conf import InvalidSetting, build, jumun


@register()
def check_settings(**_: Any) -> list[CheckMessage]:
    """The ``JUMUN`` dict holds only keys that are read, with values of their types."""
    try:
        build(getattr(settings, "JUMUN", {}))
    except InvalidSetting as error:
        return [Error(problem, id="jumun.E001") for problem in error.problems]
    return []


@register()
def check_currency_and_site(**_: Any) -> list[CheckMessage]:
    """Orders have a currency that exists, and the links in mails lead somewhere."""
    try:
        settings_ = jumun()
    except InvalidSetting:  # jumun.E001 reports it
        return []
    messages: list[CheckMessage] = []
    if not _is_currency(settings_.currency):
        hint = "An ISO 4217 code in capitals, such as KRW."
        messages.append(Error(f'JUMUN["CURRENCY"] is {settings_.currency!r}.', hint=hint, id="jumun.E031"))
    if not settings_.site_url.startswith(("http://", "https://")):
        hint = "The shop's address, such as https://shop.example.com."
        messages.append(Error(f'JUMUN["SITE_URL"] is {settings_.site_url!r}.', hint=hint, id="jumun.E032"))
    return messages


def _is_currency(code: str) -> bool:
    try:
        return money.currency_code(code) == code
    except money.MoneyError:
        return False


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
