"""Stripe's test cards (https://docs.stripe.com/testing): what each number does. Every other number is refused."""

from dataclasses import dataclass
from typing import Literal

ThreeDSecure = Literal["unless_set_up", "always", "optional", "set_up", ""]
RefundOutcome = Literal["pending_then_succeeded", "succeeded_then_failed", ""]


@dataclass(frozen=True)
class Decline:
    """Why a card is refused: Stripe's code and decline code, and the sentence the buyer reads."""

    code: str
    decline_code: str
    message: str


DECLINED = "Your card was declined."
GENERIC = Decline("card_declined", "generic_decline", DECLINED)
FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Decline("card_declined", "lost_card", DECLINED)
STOLEN = Decline("card_declined", "stolen_card", DECLINED)
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
PROCESSING = Decline(
    "processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit."
)
VELOCITY = Decline("card_declined", "card_velocity_exceeded", DECLINED)
# The decline code is unverified: docs/fidelity.md.
FRAUDULENT = Decline("card_declined", "fraudulent", DECLINED)
AUTHENTICATION = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)


@dataclass(frozen=True)
class Card:
    """One test card. ``dispute`` is the reason of the dispute its payments get, ``disputes`` how many.

    ``attaches``: a customer can have the card although its payments are declined.
    """

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    attaches: bool = False
    three_d_secure: ThreeDSecure = ""
    bypass_pending: bool = False
    risk_level: str = "normal"
    dispute: str = ""
    inquiry: bool = False
    disputes: int = 1
    fraud_warning: bool = False
    refund: RefundOutcome = ""
    tokens: tuple[str, ...] = ()

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def cvc_length(self) -> int:
        return 4 if self.brand == "amex" else 3


def _declined(number: str, decline: Decline, *tokens: str) -> Card:
    return Card(number, decline=decline, tokens=tokens)


_CARDS = (
    Card("4242424242424242", tokens=("visa",)),
    Card("4000056655665556", funding="debit", tokens=("visa_debit",)),
    Card("5555555555554444", "mastercard", tokens=("mastercard",)),
    Card("2223003122003222", "mastercard"),
    Card("5200828282828210", "mastercard", "debit", tokens=("mastercard_debit",)),
    Card("5105105105105100", "mastercard", "prepaid", tokens=("mastercard_prepaid",)),
    Card("378282246310005", "amex", tokens=("amex",)),
    Card("371449635398431", "amex"),
    Card("6011111111111117", "discover", tokens=("discover",)),
    Card("3056930009020004", "diners", tokens=("diners",)),
    Card("36227206271667", "diners"),
    Card("3566002020360505", "jcb", country="JP", tokens=("jcb",)),
    Card("6200000000000005", "unionpay", country="CN", tokens=("unionpay",)),
    Card("4000000000000077", bypass_pending=True, tokens=("bypassPending",)),
    _declined("4000000000000002", GENERIC, "visa_chargeDeclined", "chargeDeclined"),
    _declined("4000000000009995", FUNDS, "visa_chargeDeclinedInsufficientFunds", "chargeDeclinedInsufficientFunds"),
    _declined("4000000000009987", LOST, "visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"),
    _declined("4000000000009979", STOLEN, "visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"),
    _declined("4000000000000069", EXPIRED, "chargeDeclinedExpiredCard"),
    _declined("4000000000000127", CVC, "chargeDeclinedIncorrectCvc"),
    _declined("4000000000000119", PROCESSING, "chargeDeclinedProcessingError"),
    _declined(
        "4000000000006975", VELOCITY, "visa_chargeDeclinedVelocityLimitExceeded", "chargeDeclinedVelocityLimitExceeded"
    ),
    Card("4000000000000341", decline=GENERIC, attaches=True, tokens=("chargeCustomerFail",)),
    Card("4100000000000019", decline=FRAUDULENT, risk_level="highest", tokens=("chargeDeclinedFraudulent",)),
    Card("4000000000004954", risk_level="highest", tokens=("riskLevelHighest",)),
    Card("4000000000009235", risk_level="elevated", tokens=("riskLevelElevated",)),
    Card("4000002500003155", three_d_secure="unless_set_up", tokens=("authenticationRequired",)),
    Card("4000002760003184", three_d_secure="always"),
    Card("4000000000003220", three_d_secure="always", tokens=("threeDSecure2Required",)),
    Card("4000000000003063", three_d_secure="always", tokens=("threeDSecureRequired",)),
    Card(
        "4000008400001629",
        decline=GENERIC,
        attaches=True,
        three_d_secure="always",
        tokens=("threeDSecureRequiredChargeDeclined",),
    ),
    Card("4000000000003055", three_d_secure="optional", tokens=("threeDSecureOptional",)),
    Card("4000003800000446", three_d_secure="set_up", tokens=("authenticationRequiredSetupForOffSession",)),
    Card("4000000000000259", dispute="fraudulent", tokens=("createDispute",)),
    Card("4000000000002685", dispute="product_not_received", tokens=("createDisputeProductNotReceived",)),
    Card("4000000000001976", dispute="fraudulent", inquiry=True, tokens=("createDisputeInquiry",)),
    Card("4000000000005423", fraud_warning=True, tokens=("createIssuerFraudRecord",)),
    Card("4000004040000079", dispute="fraudulent", disputes=2, tokens=("createMultipleDisputes",)),
    Card("4000000000007726", refund="pending_then_succeeded", tokens=("pendingRefund",)),
    Card("4000000000005126", refund="succeeded_then_failed", tokens=("refundFail",)),
)

CARDS = {card.number: card for card in _CARDS}
BY_TOKEN = {token: card for card in _CARDS for token in card.tokens}

MISTYPED = "4242424242424241"
"""Stripe's example of a number whose check digit is wrong."""

NUMBER_INVALID = Decline("incorrect_number", "", "Your card number is incorrect.")


def find(number: str) -> Card | None:
    """Return the test card with this number (spaces and dashes ignored)."""
    return CARDS.get(digits(number))


def by_token(token: str) -> Card | None:
    """Return the card of ``pm_card_visa``, ``tok_visa`` and the like."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return BY_TOKEN.get(token.removeprefix(prefix))
    return None


def digits(number: str) -> str:
    return "".join(c for c in number if c.isascii() and c.isdigit())


def is_well_formed(number: str) -> bool:
    """Whether the check digit is right (ISO/IEC 7812-1). One documented test card has a wrong one, and passes."""
    if find(number):
        return True
    total = 0
    for position, digit in enumerate(reversed(digits(number))):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and 12 <= len(digits(number)) <= 19
