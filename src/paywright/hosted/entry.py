"""What the buyer typed: checked field by field, and turned into a card entry."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from paywright import cards
from paywright.payments.methods import CardEntry

_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$")
_EXPIRY = re.compile(r"^\s*(\d{1,2})\s*[/\-. ]?\s*(\d{4}|\d{2})\s*$")

FIELDS = ("email", "card_number", "card_expiry", "card_cvc", "name", "country")


@dataclass
class Checked:
    """The form's values, the key of the message for each wrong field, and the entry when none is wrong."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    entry: CardEntry | None = None


def check(values: dict[str, str], *, now: int, countries: frozenset[str]) -> Checked:
    """Check a submitted form; ``now`` is in seconds UTC."""
    checked = Checked({name: values.get(name, "").strip()[:200] for name in FIELDS})
    given = checked.values
    card = cards.find(given["card_number"])
    expiry = _expiry(given["card_expiry"])
    checked.errors = {
        name: key
        for name, key in (
            ("email", "" if _EMAIL.match(given["email"]) else "error_email"),
            ("card_number", _number_error(given["card_number"])),
            ("card_expiry", _expiry_error(expiry, now)),
            ("card_cvc", _cvc_error(given["card_cvc"], card)),
            ("name", "" if given["name"] else "error_name"),
            ("country", "" if given["country"] in countries else "error_country"),
        )
        if key
    }
    if not checked.errors and card and expiry:
        billing = {"email": given["email"], "name": given["name"], "address": {"country": given["country"]}}
        checked.entry = CardEntry(card, *expiry, billing=billing)
    return checked


def _number_error(number: str) -> str:
    if not cards.digits(number):
        return "error_number_missing"
    if not cards.passes_luhn(number):
        return "error_number_invalid"
    return "" if cards.find(number) else "error_number_live"


def _expiry(text: str) -> tuple[int, int] | None:
    match = _EXPIRY.match(text)
    if match is None or not 1 <= int(match[1]) <= 12:
        return None
    year = int(match[2])
    return int(match[1]), year if year > 99 else 2000 + year


def _expiry_error(expiry: tuple[int, int] | None, now: int) -> str:
    if expiry is None:
        return "error_expiry"
    today = datetime.fromtimestamp(now, UTC)
    month, year = expiry
    return "error_expired" if (year, month) < (today.year, today.month) else ""


def _cvc_error(cvc: str, card: cards.Card | None) -> str:
    length = card.cvc_length if card else 3
    return "" if cvc.isascii() and cvc.isdigit() and len(cvc) == length else "error_cvc"
