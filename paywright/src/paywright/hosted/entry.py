"""Check the buyer's entry field by field, and turn it into a payment method."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from paywright.api.addresses import is_email
from paywright.payments import cards
from paywright.payments.delayed import IBANS
from paywright.payments.methods import CardEntry, IbanEntry

Json = dict[str, Any]

_PHONE = re.compile(r"^\+?[\d\s().-]{5,25}$")
_EXPIRY = re.compile(r"^\s*(\d{1,2})\s*[/\-. ]?\s*(\d{4}|\d{2})\s*$")

ADDRESS_FIELDS = {
    "address_line1": "line1",
    "address_line2": "line2",
    "address_city": "city",
    "address_state": "state",
    "address_postal_code": "postal_code",
}
_NEEDED_OF_ADDRESS = ("address_line1", "address_city", "address_postal_code")
VALUE_LENGTH_MAX = 255


@dataclass
class Checked:
    """The form's values, the key of the message for each wrong field, and the entry when none is wrong."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    entry: CardEntry | IbanEntry | None = None


def check(session: Json, values: dict[str, str], *, now: int, countries: frozenset[str]) -> Checked:
    """Check a form submitted for ``session``; ``now`` is in seconds UTC."""
    given = {name: value.strip()[:VALUE_LENGTH_MAX] for name, value in values.items()}
    if session["customer_email"]:
        # The merchant set the e-mail address, so the buyer cannot change it.
        given["email"] = session["customer_email"]
    kind = _kind(session, given)
    wrong = {"email": _email_error(given), "name": "" if given.get("name") else "error_name"}
    wrong["country"] = "" if given.get("country") in countries else "error_country"
    if needs_payment(session):
        wrong |= _card_errors(given, now) if kind == "card" else {"iban": _iban_error(given)}
    if session["phone_number_collection"]["enabled"]:
        wrong["phone"] = "" if _PHONE.match(given.get("phone", "")) else "error_phone"
    if needs_address(session):
        wrong |= {name: "" if given.get(name) else "error_required" for name in _NEEDED_OF_ADDRESS}
    for custom in session["custom_fields"]:
        wrong[custom_name(custom)] = _custom_error(custom, given.get(custom_name(custom), ""))
    checked = Checked({**given, "method": kind}, {name: key for name, key in wrong.items() if key})
    if not checked.errors:
        checked.entry = _entry(session, given, kind)
    return checked


def needs_payment(session: Json) -> bool:
    return bool(session["amount_total"])


def needs_address(session: Json) -> bool:
    """Whether the page asks for a whole address and not only the country."""
    return bool(session["shipping_address_collection"]) or session["billing_address_collection"] == "required"


def custom_name(custom: Json) -> str:
    """The form's name of one of the session's custom fields."""
    return f"custom_{custom['key']}"


def _kind(session: Json, given: dict[str, str]) -> str:
    offered: list[str] = session["payment_method_types"]
    return given["method"] if given.get("method") in offered else offered[0]


def _email_error(given: dict[str, str]) -> str:
    return "" if is_email(given.get("email", "")) else "error_email"


def _card_errors(given: dict[str, str], now: int) -> dict[str, str]:
    card = cards.find(given.get("card_number", ""))
    return {
        "card_number": _number_error(given.get("card_number", "")),
        "card_expiry": _expiry_error(_expiry(given.get("card_expiry", "")), now),
        "card_cvc": _cvc_error(given.get("card_cvc", ""), card),
    }


def _number_error(number: str) -> str:
    if not cards.digits(number):
        return "error_number_missing"
    if not cards.is_well_formed(number):
        return "error_number_invalid"
    return "" if cards.find(number) else "error_number_live"


def _expiry(text: str) -> tuple[int, int] | None:
    match = _EXPIRY.match(text)
    if match is None or not text.isascii() or not 1 <= int(match[1]) <= 12:
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
    return "" if cvc.isascii() and cvc.isdigit() and len(cvc) == length else f"error_cvc_{length}"


def _iban(given: dict[str, str]) -> str:
    return given.get("iban", "").replace(" ", "").upper()


def _iban_error(given: dict[str, str]) -> str:
    return "" if _iban(given) in IBANS else "error_iban"


def _custom_error(custom: Json, value: str) -> str:
    details = custom[custom["type"]]
    if not value:
        return "" if custom["optional"] else "error_required"
    if custom["type"] == "dropdown":
        return "" if value in [option["value"] for option in details["options"]] else "error_required"
    if custom["type"] == "numeric" and not (value.isascii() and value.isdigit()):
        return "error_digits"
    least, most = details["minimum_length"] or 0, details["maximum_length"] or VALUE_LENGTH_MAX
    return "" if least <= len(value) <= most else "error_length"


def _entry(session: Json, given: dict[str, str], kind: str) -> CardEntry | IbanEntry:
    address: Json = {"country": given["country"]}
    if needs_address(session):
        address |= {member: given.get(name) or None for name, member in ADDRESS_FIELDS.items()}
    phone = given.get("phone") if session["phone_number_collection"]["enabled"] else None
    billing = {"email": given["email"], "name": given["name"], "phone": phone, "address": address}
    if kind == "sepa_debit":
        return IbanEntry(_iban(given), billing)
    if not needs_payment(session):
        return CardEntry(cards.CARDS["4242424242424242"], 12, 2034, billing)
    month, year = _expiry(given["card_expiry"]) or (12, 2034)
    return CardEntry(cards.CARDS[cards.digits(given["card_number"])], month, year, billing)
