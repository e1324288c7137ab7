"""What the page lists for filling in: test cards and test accounts, with the keys of their descriptions."""

from typing import Any

Json = dict[str, Any]

FIRST_CARDS = (
    ("4242424242424242", "card_paid"),
    ("4000000000000002", "card_declined"),
    ("4000002500003155", "card_3ds"),
)
MORE_CARDS = (
    ("4000000000009995", "card_funds"),
    ("4000000000009987", "card_lost"),
    ("4000000000009979", "card_stolen"),
    ("4000000000000069", "card_expired"),
    ("4000000000000127", "card_cvc_wrong"),
    ("4000000000000119", "card_processing"),
    ("4000000000006975", "card_velocity"),
    ("4000000000000341", "card_attach"),
    ("4100000000000019", "card_blocked"),
    ("4000002760003184", "card_3ds_always"),
    ("4000008400001629", "card_3ds_declined"),
    ("5555555555554444", "card_mastercard"),
    ("378282246310005", "card_amex"),
    ("4000000000000077", "card_at_once"),
    ("4000000000000259", "card_dispute"),
    ("4000000000001976", "card_inquiry"),
    ("4000000000007726", "card_pending_refund"),
    ("4000000000005126", "card_refund_fails"),
)
ACCOUNTS = (
    ("AT611904300234573201", "iban_paid"),
    ("AT861904300235473202", "iban_failed"),
    ("AT321904300235473204", "iban_paid_later"),
    ("AT051904300235473205", "iban_failed_later"),
)


def grouped(number: str) -> str:
    """A card number or IBAN in groups, American Express as it stands on the card."""
    if len(number) == 15:
        return f"{number[:4]} {number[4:10]} {number[10:]}"
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def offers(session: Json) -> Json:
    """The lists for one session, as (value, shown, key)."""
    kinds = session["payment_method_types"]
    cards = "card" in kinds
    return {
        "cards": _shown(FIRST_CARDS if cards else ()),
        "accounts": _shown(ACCOUNTS if "sepa_debit" in kinds else ()),
        "more": _shown(MORE_CARDS if cards else ()),
    }


def _shown(rows: tuple[tuple[str, str], ...]) -> list[tuple[str, str, str]]:
    return [(number, grouped(number), key) for number, key in rows]
