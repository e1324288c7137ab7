"""What the templates show: amounts, lines and headers in the buyer's language."""

from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from babel.numbers import format_currency

from paywright.money.currencies import exponent

Json = dict[str, Any]


def money(amount: int, currency: str, language: str) -> str:
    """Minor units as text, such as ``₩12,000`` or ``$12.00``."""
    major = Decimal(amount).scaleb(-exponent(currency))
    return format_currency(major, currency.upper(), locale=language)


@cache
def countries(language: str) -> list[tuple[str, str]]:
    """ISO 3166 codes and names, sorted by name in ``language``."""
    names = Locale(language).territories
    known = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NOT]
    return sorted(known, key=lambda pair: pair[1])


@cache
def country_codes() -> frozenset[str]:
    """Every code the form knows."""
    return frozenset(code for code, _ in countries("en"))


def offered_countries(session: Json) -> frozenset[str]:
    """The codes a session's form offers: those the merchant ships to, or all."""
    collection = session["shipping_address_collection"] or {}
    return (country_codes() & frozenset(collection.get("allowed_countries") or ())) or country_codes()


_NOT = frozenset(["EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"])

COUNTRY_DEFAULT = {"en": "US", "ko": "KR"}


def summary(session: Json, language: str) -> Json:
    """Lines and totals of a session, as text."""
    currency = session["currency"]
    totals = session["total_details"]
    extra = [("discount", -totals["amount_discount"]), ("shipping", totals["amount_shipping"])]
    shown: list[tuple[str, Json | None, str]]
    shown = [(key, None, money(amount, currency, language)) for key, amount in extra if amount]
    shown += [(key, rate, money(amount, currency, language)) for key, rate, amount in _taxes(session)]
    return {
        "lines": [_line(item, language) for item in session["_line_items"]],
        "subtotal": money(session["amount_subtotal"], currency, language) if shown else None,
        "extra": shown,
        "total": money(session["amount_total"], currency, language),
    }


def _taxes(session: Json) -> list[tuple[str, Json, int]]:
    """Each tax rate of the session with the sum of its amounts."""
    sums: dict[str, tuple[str, Json, int]] = {}
    for item in session["_line_items"]:
        for tax in item["_taxes"]:
            rate = tax["rate"]
            before = sums.get(rate["id"], ("", rate, 0))[2]
            key = "tax_included" if rate["inclusive"] else "tax_added"
            sums[rate["id"]] = (key, {"name": rate["display_name"], "percent": _percent(rate)}, before + tax["amount"])
    return list(sums.values())


def _percent(rate: Json) -> str:
    return f"{Decimal(str(rate['percentage'])).normalize():f}"


def shipping(session: Json, rates: list[Json], language: str) -> list[Json]:
    """The session's shipping options, as text."""
    chosen = (session["shipping_cost"] or {}).get("shipping_rate")
    return [
        {
            "id": rate["id"],
            "name": rate["display_name"],
            "amount": money(rate["fixed_amount"]["amount"], session["currency"], language),
            "is_free": rate["fixed_amount"]["amount"] == 0,
            "is_chosen": rate["id"] == chosen,
        }
        for rate in rates
    ]


def _line(item: Json, language: str) -> Json:
    return {
        "name": item["description"],
        "quantity": item["quantity"],
        "amount": money(item["amount_subtotal"], item["currency"], language),
        "each": money(item["price"]["unit_amount"], item["currency"], language) if item["quantity"] > 1 else None,
    }


def merchant(session: Json) -> str:
    """Who is paid, as the page's heading says."""
    return str(session["branding_settings"]["display_name"])


def security_headers(session: Json | None, *returns: str) -> dict[str, str]:
    """A strict policy. Chrome checks the redirect after a form's POST against ``form-action``, so the
    session's own return addresses, and any other in ``returns``, must be in it."""
    own = [session[name] for name in ("success_url", "cancel_url") if session[name]] if session else []
    origins = sorted({_origin(url) for url in [*own, *returns]})
    policy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; " + " ".join(
        ["form-action 'self'", *origins]
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
