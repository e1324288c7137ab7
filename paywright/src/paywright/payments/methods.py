"""PaymentMethods made from a card someone typed or named by a test token."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from paywright.api.errors import card_declined, invalid_request
from paywright.payments.cards import CARDS, Card, by_token
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]


@dataclass(frozen=True)
class CardEntry:
    """A card as entered: expiry ``exp_month`` (1 to 12) and ``exp_year`` (four digits), and who pays."""

    card: Card
    exp_month: int
    exp_year: int
    billing: Json = field(default_factory=dict)


@dataclass(frozen=True)
class IbanEntry:
    """A bank account in the euro area to be debited, and whose it is."""

    iban: str
    billing: Json = field(default_factory=dict)


def new_method(tx: Transaction, entry: CardEntry | IbanEntry) -> Json:
    """Insert a ``payment_method``; the number a buyer typed is kept apart from what clients see."""
    kind: Json
    if isinstance(entry, CardEntry):
        kind = {"type": "card", "card": _card(entry), "_number": entry.card.number}
    else:
        kind = {"type": "sepa_debit", "sepa_debit": sepa_debit(entry.iban), "_iban": entry.iban}
    return tx.insert(
        blank(
            "payment_method",
            id=ids.new("pm"),
            allow_redisplay="limited",
            billing_details=billing_details(entry.billing),
            created=tx.now,
            metadata={},
            **kind,
        )
    )


def sepa_debit(iban: str) -> Json:
    """Stripe's ``sepa_debit`` details of an IBAN."""
    return {
        "bank_code": iban[4:9],
        "branch_code": None,
        "country": iban[:2],
        "fingerprint": fingerprint(iban),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }


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


def named_method(tx: Transaction, name: str, *, in_path: bool = False) -> Json:
    """Return the payment method with this id, or a new one for a test token such as ``pm_card_visa``."""
    card = by_token(name)
    if card is not None:
        return new_method(tx, CardEntry(card, 12, 2034))
    return tx.require(name, "payment_method", param="payment_method", in_path=in_path)


def attach(tx: Transaction, method: Json, customer: str) -> Json:
    """Give a customer a payment method; of the declined cards, only ..0341 can be attached, as recorded."""
    card = CARDS.get(method.get("_number", ""))
    if card is not None and card.decline is not None and not card.attaches:
        raise card_declined(card.decline)
    if method["customer"] not in (None, customer):
        raise invalid_request(
            "The payment method you provided has already been attached to a customer.", param="payment_method"
        )
    method["customer"] = customer
    tx.save(method)
    events.emit(tx, "payment_method.attached", method)
    return method


def detach(tx: Transaction, method: Json) -> Json:
    """Take a payment method from its customer."""
    if method["customer"] is None:
        raise invalid_request(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    method["customer"] = None
    tx.save(method)
    events.emit(tx, "payment_method.detached", method)
    return method
