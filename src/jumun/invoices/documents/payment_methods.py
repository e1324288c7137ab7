"""Names of payment methods, wallets and cards, from `payment_methods.json`. No Django.

A method without a name there gets Stripe's: "new_pay" is "New Pay".
"""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

TABLES = Path(__file__).with_name("payment_methods.json")
# Stripe's ``type`` of payment methods that are plain cards (API reference, "The Charge object").
CARDS = frozenset({"card", "card_present", "interac_present", "kr_card"})
_CODE = re.compile(r"[a-z0-9_]+")
# By "methods" and "brands", then by Stripe's code.
Names = Mapping[str, Mapping[str, str]]


class PaidWith(Protocol):
    """A payment or a document: Stripe's codes, any of which may be empty."""

    @property
    def method(self) -> str: ...
    @property
    def wallet(self) -> str: ...
    @property
    def card_brand(self) -> str: ...
    @property
    def card_last4(self) -> str: ...


def named_methods() -> frozenset[str]:
    """Stripe's codes of the methods that have a name in some language."""
    names = _tables()
    return frozenset(code for language in names for code in names[language]["methods"])


def is_card(paid: PaidWith) -> bool:
    return paid.method in CARDS or (not paid.method and bool(paid.card_last4))


def method_text(paid: PaidWith, language: str) -> str:
    """Such as "신한카드 •••• 1234", "Visa •••• 4242 (Apple Pay)" and "카카오페이"; empty if nothing is known."""
    brand = brand_name(paid, language)
    digits = f"•••• {paid.card_last4}" if paid.card_last4 else ""
    account = f"{brand} {digits}".strip()
    method = method_name(paid.method, language)
    if is_card(paid):
        wallet = method_name(paid.wallet, language)
        named = account if brand else f"{method} {digits}".strip()
        return f"{named} ({wallet})" if wallet else named
    return f"{method} ({account})" if brand else f"{method} {digits}".strip()


def brand_name(paid: PaidWith, language: str) -> str:
    """The card's network or issuer; empty if it is not known."""
    return _name(paid.card_brand, language, of="brands")


def method_name(code: str, language: str) -> str:
    """The name of a payment method or wallet; empty for an empty code."""
    return _name(code, language, of="methods")


def _name(code: str, language: str, *, of: str) -> str:
    known = _names(language)[of].get(code)
    if known is not None:
        return known
    return code.replace("_", " ").title() if _CODE.fullmatch(code) else code


@functools.cache
def _names(language: str) -> Names:
    names = _tables()
    return {of: {**names["en"][of], **names.get(language, names["en"])[of]} for of in ("methods", "brands")}


@functools.cache
def _tables() -> Mapping[str, Names]:
    tables: Mapping[str, Names] = json.loads(TABLES.read_text(encoding="utf-8"))
    return tables
