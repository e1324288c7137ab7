"""PaymentMethods made from a card someone typed or named by a test token."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from paywright import ids
from paywright.cards import Card
from paywright.objects import blank
from paywright.store import Transaction

Json = dict[str, Any]


@dataclass(frozen=True)
class CardEntry:
    """A card as entered: expiry ``exp_month`` (1 to 12) and ``exp_year`` (four digits), and who pays."""

    card: Card
    exp_month: int
    exp_year: int
    billing: Json = field(default_factory=dict)


def new_card_method(tx: Transaction, entry: CardEntry) -> Json:
    """Insert a ``payment_method`` of type card; the card number itself is not stored in it."""
    return tx.insert(
        blank(
            "payment_method",
            id=ids.new("pm"),
            allow_redisplay="limited",
            billing_details=billing_details(entry.billing),
            card=_card(entry),
            created=tx.now,
            metadata={},
            type="card",
            _number=entry.card.number,
        )
    )


def billing_details(given: Json) -> Json:
    """Stripe's ``billing_details`` with every member present."""
    address = given.get("address") or {}
    parts = ("city", "country", "line1", "line2", "postal_code", "state")
    return {
        "address": {part: address.get(part) for part in parts},
        "email": given.get("email"),
        "name": given.get("name"),
        "phone": given.get("phone"),
        "tax_id": given.get("tax_id"),
    }


def _card(entry: CardEntry) -> Json:
    card = entry.card
    return {
        "brand": card.brand,
        "checks": checks(entry.billing),
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": entry.exp_month,
        "exp_year": entry.exp_year,
        "fingerprint": fingerprint(card.number),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def checks(billing: Json) -> Json:
    postal_code = (billing.get("address") or {}).get("postal_code")
    return {
        "address_line1_check": None,
        "address_postal_code_check": "pass" if postal_code else None,
        "cvc_check": "pass",
    }


def fingerprint(number: str) -> str:
    """The same for the same card number, and telling nothing about it."""
    return hashlib.sha256(f"paywright {number}".encode()).hexdigest()[:16]
