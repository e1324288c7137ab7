"""Jumun's settings: one ``JUMUN`` dict in Django's settings, read into a frozen dataclass.

Keys are the field names in upper case: ``JUMUN = {"CURRENCY": "EUR", "SELLER": {"NAME": "..."}}``.
"""

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

Paper = Literal["a4", "us-letter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """Who sells: printed on invoices and mails."""

    name: str = "Jumun Demo Store"
    address: tuple[str, ...] = ("1 Sejong-daero", "Jung-gu")
    postal_code: str = "04524"
    city: str = "Seoul"
    country: str = "KR"
    email: str = "shop@example.com"
    phone: str = ""
    # 사업자등록번호, or a VAT identifier with its country's letters.
    tax_id: str = ""
    # Before every prefix, where several sellers share a database: each then has series of its own.
    code: str = ""
    # Further lines that the law wants on papers: 대표자, 통신판매업신고, the register of companies.
    registration: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JumunSettings:
    """Every setting with its default; durations in seconds, sizes in bytes."""

    currency: str = "KRW"
    seller: Seller = field(default_factory=Seller)
    invoice_prefix: str = "INV"
    credit_note_prefix: str = "CN"
    invoice_paper: Paper = "a4"
    # Papers in the order's language with the other one, Korean or English, beneath.
    invoice_bilingual: bool = False
    # Folders of OpenType fonts, for characters that ours do not have.
    invoice_font_folders: tuple[str, ...] = ()
    # How long stock stays reserved for an unpaid order.
    order_expires_s: int = 2 * 3600
    stripe_timeout_s: float = 10.0
    # How many threads of one web process may wait for Stripe at once; less than it has, so that the others go on.
    stripe_waiting_max: int = 2
    # How long before a dispute's evidence is due the shop is sent a mail.
    dispute_warning_days: int = 3
    # Stripe's events are far smaller; anything larger is not from Stripe.
    webhook_body_max_bytes: int = 1024 * 1024
    # How long events and jobs that are done are kept to be looked at; what is not done stays.
    finished_work_kept_s: int = 90 * 24 * 3600
    # The database that exports read, an alias of DATABASES: a replica spares the primary.
    exports_database: str = "default"
    # Where links in mails and invoices lead; the request's own host is used where there is a request.
    site_url: str = "http://localhost:8000"


class UnknownSetting(ValueError):
    """The ``JUMUN`` dict holds a key that Jumun does not read."""


def _known(cls: type[Any], given: dict[str, Any], path: str) -> dict[str, Any]:
    names = {item.name.upper(): item.name for item in fields(cls)}
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise UnknownSetting(f"{path} has unknown keys: {', '.join(unknown)}. Known: {', '.join(sorted(names))}.")
    return {names[key]: value for key, value in given.items()}


def build(given: dict[str, Any]) -> JumunSettings:
    """Read a ``JUMUN`` dict. Raises `UnknownSetting`."""
    values = _known(JumunSettings, given, "JUMUN")
    if "seller" in values:
        seller = _known(Seller, values["seller"], 'JUMUN["SELLER"]')
        for name in {"address", "registration"} & seller.keys():
            seller[name] = tuple(seller[name])
        values["seller"] = Seller(**seller)
    return JumunSettings(**values)


@cache
def jumun() -> JumunSettings:
    """The settings in force."""
    return build(getattr(settings, "JUMUN", {}))


def stripe_setting(name: str) -> str:
    """A ``STRIPE_*`` setting, or an empty string where it is unset."""
    return str(getattr(settings, name, "") or "")


def livemode() -> bool:
    """Whether the secret key in force moves real money (Stripe puts the mode into the key's prefix)."""
    return stripe_setting("STRIPE_SECRET_KEY").startswith(("sk_live_", "rk_live_"))


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting == "JUMUN":
        jumun.cache_clear()
