"""The test cards and accounts that the page offers to fill in, with the keys of their descriptions."""

from typing import Any

from paywright.payments.cards import CARDS, MISTYPED
from paywright.payments.delayed import IBANS

Json = dict[str, Any]

FIRST_CARDS = (
    ("4242424242424242", "card_paid"),
    ("4000000000000002", "card_declined"),
    ("4000002500003155", "card_3ds"),
)
MORE_CARDS = {
    "cards_paid": (
        ("4000056655665556", "card_visa_debit"),
        ("5555555555554444", "card_mastercard"),
        ("2223003122003222", "card_mastercard_2"),
        ("5200828282828210", "card_mastercard_debit"),
        ("5105105105105100", "card_mastercard_prepaid"),
        ("378282246310005", "card_amex"),
        ("371449635398431", "card_amex"),
        ("6011111111111117", "card_discover"),
        ("3056930009020004", "card_diners"),
        ("36227206271667", "card_diners_14"),
        ("3566002020360505", "card_jcb"),
        ("6200000000000005", "card_unionpay"),
        ("4000000000000077", "card_at_once"),
    ),
    "cards_declined": (
        ("4000000000009995", "card_funds"),
        ("4000000000009987", "card_lost"),
        ("4000000000009979", "card_stolen"),
        ("4000000000000069", "card_expired"),
        ("4000000000000127", "card_cvc_wrong"),
        ("4000000000000119", "card_processing"),
        ("4000000000006975", "card_velocity"),
        (MISTYPED, "card_mistyped"),
        ("4000000000000341", "card_attach"),
    ),
    "cards_risk": (
        ("4100000000000019", "card_blocked"),
        ("4000000000004954", "card_risk_highest"),
        ("4000000000009235", "card_risk_elevated"),
        ("4000000000005423", "card_fraud_warning"),
    ),
    "cards_3ds": (
        ("4000002760003184", "card_3ds_always"),
        ("4000000000003220", "card_3ds2"),
        ("4000000000003063", "card_3ds_required"),
        ("4000008400001629", "card_3ds_declined"),
        ("4000000000003055", "card_3ds_optional"),
        ("4000003800000446", "card_3ds_set_up"),
    ),
    "cards_disputed": (
        ("4000000000000259", "card_dispute"),
        ("4000000000002685", "card_not_received"),
        ("4000000000001976", "card_inquiry"),
        ("4000004040000079", "card_disputes"),
    ),
    "cards_refunds": (
        ("4000000000007726", "card_pending_refund"),
        ("4000000000005126", "card_refund_fails"),
    ),
}
"""In groups, by the key of each group's name."""

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
    """The lists for one session, as (value, shown, key); ``more`` as (key of the group, list)."""
    kinds = session["payment_method_types"]
    cards = "card" in kinds
    return {
        "cards": _shown(FIRST_CARDS if cards else ()),
        "accounts": _shown(ACCOUNTS if "sepa_debit" in kinds else ()),
        "more": [(name, _shown(rows)) for name, rows in MORE_CARDS.items()] if cards else [],
    }


def _shown(rows: tuple[tuple[str, str], ...]) -> list[tuple[str, str, str]]:
    return [(number, grouped(number), key) for number, key in rows]


def filled(offer: str) -> dict[str, str]:
    """The form's values for a card or account of the lists; none for anything else."""
    buyer = {"email": "buyer@example.com", "name": "Test Buyer"}
    if offer in IBANS:
        return {**buyer, "method": "sepa_debit", "iban": grouped(offer)}
    if offer not in CARDS and offer != MISTYPED:
        return {}
    cvc = "1234" if len(offer) == 15 else "123"
    return {**buyer, "method": "card", "card_number": grouped(offer), "card_expiry": "12 / 34", "card_cvc": cvc}
