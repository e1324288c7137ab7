"""Jumun's settings: one ``JUMUN`` dict in Django's settings, read into a frozen dataclass (docs/settings.md).

Keys are the field names in upper case: ``JUMUN = {"CURRENCY": "EUR", "SELLER": {"NAME": "..."}}``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, NewType, cast, get_type_hints

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from jumun import text

Paper = Literal["a4", "us-letter"]
# A count that may be zero.
Count = NewType("Count", int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """The seller, printed on invoices and mails."""

    name: str = "Jumun Demo Store"
    address: tuple[str, ...] = ("1 Sejong-daero", "Jung-gu")
    postal_code: str = "04524"
    city: str = "Seoul"
    country: str = "KR"
    email: str = "shop@example.com"
    phone: str = ""
    # 사업자등록번호, or a VAT identifier with its country's letters.
    tax_id: str = ""
    # Put before every prefix. Sellers that share a database need different codes, so that each has its own series.
    code: str = ""
    # Further lines that the law requires on documents: 대표자, 통신판매업신고, the register of companies.
    registration: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JumunSettings:
    """Every setting with its default; durations in seconds, sizes in bytes."""

    currency: str = "KRW"
    seller: Seller = field(default_factory=Seller)
    invoice_prefix: str = "INV"
    credit_note_prefix: str = "CN"
    invoice_paper: Paper = "a4"
    # Documents in Korean and English: the order's language first, the other below.
    invoice_bilingual: bool = False
    # Keys that seal documents (`jumun.invoices.chain`): the first seals, the others verify. If there are none, keys are
    # derived from SECRET_KEY and SECRET_KEY_FALLBACKS.
    document_chain_keys: tuple[str, ...] = field(default=(), repr=False, metadata={"secret": True})
    # Folders of OpenType fonts for characters that our fonts lack.
    invoice_font_folders: tuple[str, ...] = ()
    # How long stock stays reserved for an unpaid order.
    order_expires_s: int = 2 * 3600
    # How long the storefront holds goods before a payment page was opened.
    hold_before_payment_s: int = 20 * 60
    # How many unpaid orders the storefront takes from one browser and from one client address within ORDER_EXPIRES_S.
    # Many customers may share an address: a company, a university, a mobile network.
    unpaid_orders_per_session_max: int = 3
    unpaid_orders_per_address_max: int = 20
    # The dotted path of a function that takes the request and returns whether it may place an order.
    order_guard: str = ""
    stripe_timeout_s: float = 10.0
    # How many threads of one web process may wait for Stripe at once. Set it below the number of threads, so that the
    # others can serve.
    stripe_waiting_max: int = 2
    # How many days before a dispute's evidence is due the shop gets a mail.
    dispute_warning_days: int = 3
    # Stripe's events are far smaller, so a larger body is not from Stripe.
    webhook_body_max_bytes: int = 1024 * 1024
    # How long finished events and jobs are kept. Unfinished ones are never deleted.
    finished_work_kept_s: int = 90 * 24 * 3600
    # The alias in DATABASES that exports read, for example a replica.
    exports_database: str = "default"
    # PostgreSQL cancels a page's query after this time: see `jumun.db.page_queries`.
    page_query_timeout_s: float = 15.0
    # Where links in mails and invoices lead. Within a request, the request's host is used.
    site_url: str = "http://localhost:8000"
    # How many of the shop's own proxies each request passes: see `jumun.client_address`.
    trusted_proxy_count: Count = Count(0)


class InvalidSetting(ValueError):
    """The ``JUMUN`` dict has an unknown key or an unusable value. ``problems`` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def build(given: Any) -> JumunSettings:
    """Read a ``JUMUN`` dict: texts are normalised, lists become tuples. Raises `InvalidSetting`."""
    problems: list[str] = []
    settings_ = _read(JumunSettings, given, "JUMUN", problems)
    if problems:
        raise InvalidSetting(problems)
    return cast(JumunSettings, settings_)


def _read(cls: type[Any], given: Any, path: str, problems: list[str]) -> Any:
    """``given`` as an object of the dataclass ``cls``. Errors are added to ``problems``."""
    if not isinstance(given, dict):
        problems.append(f"{path} must be a dict, not {given!r}.")
        return cls()
    names = {item.name.upper(): item.name for item in fields(cls)}
    if unknown := sorted(str(key) for key in given if key not in names):
        problems.append(f"{path} has unknown keys: {', '.join(unknown)}. Known: {', '.join(sorted(names))}.")
    kinds = get_type_hints(cls)
    secret = {item.name.upper() for item in fields(cls) if "secret" in item.metadata}
    return cls(
        **{
            names[key]: _secret(value, f'{path}["{key}"]', problems)
            if key in secret
            else _value(kinds[names[key]], value, f'{path}["{key}"]', problems)
            for key, value in given.items()
            if key in names
        }
    )


def _secret(value: Any, path: str, problems: list[str]) -> tuple[str, ...]:
    """A list of secrets. Errors do not show the values."""
    hidden: list[str] = []
    lines = _lines(value, path, hidden)
    if hidden:
        problems.append(f"{path} must be a list of texts, none of them blank. Its value is not shown here.")
    return lines


def _value(kind: Any, value: Any, path: str, problems: list[str]) -> Any:
    """``value`` as a field of the type ``kind``: a number, a list of lines, or otherwise a text."""
    if kind is Seller:
        return _read(Seller, value, path, problems)
    if kind == tuple[str, ...]:
        return _lines(value, path, problems)
    is_meant, wanted = _KINDS.get(kind, (_is_text, "a text"))
    if not is_meant(value):
        problems.append(f"{path} must be {wanted}, not {value!r}.")
        return value
    return text.normalized(value) if isinstance(value, str) else value


def _lines(value: Any, path: str, problems: list[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        problems.append(f"{path} must be a list of lines, not one text: write [{value!r}].")
    elif not (isinstance(value, (list, tuple)) and all(_is_text(line) and not text.is_blank(line) for line in value)):
        problems.append(f"{path} must be a list of texts, none of them blank, not {value!r}.")
    else:
        return tuple(map(text.normalized, value))
    return ()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not text.is_damaged(value)


def _is_number(value: Any) -> bool:
    # True is an int in Python, and NaN is not above zero.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


_KINDS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    bool: (lambda value: isinstance(value, bool), "True or False"),
    int: (lambda value: isinstance(value, int) and _is_number(value), "a whole number above zero"),
    Count: (lambda value: type(value) is int and value >= 0, "a whole number, 0 or above"),
    float: (_is_number, "a number above zero"),
}


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
