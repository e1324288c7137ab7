"""Disputes as Stripe tells of them, and the evidence that ends them at the sandbox."""

from typing import Any

from stripe import StripeClient

from jumun import money
from jumun.payments.models import Payment
from paywright.testing import Paywright
from tests.payments.balance import movement

DISPUTED_CARD = "4000000000000259"
INQUIRED_CARD = "4000000000001976"
DISPUTED_TWICE_CARD = "4000004040000079"

WINNING, LOSING, ESCALATING = "winning_evidence", "losing_evidence", "escalate_inquiry_evidence"


def dispute_of(payment: Payment, **changes: Any) -> dict[str, Any]:
    """A chargeback over the whole payment, its money withdrawn."""
    amount = money.to_stripe(payment.amount_minor, payment.currency)
    dispute: dict[str, Any] = {
        "id": "du_1",
        "object": "dispute",
        "status": "needs_response",
        "livemode": False,
        "amount": amount,
        "currency": payment.currency.lower(),
        "payment_intent": payment.payment_intent_id,
        "charge": payment.charge_id or "ch_1",
        "reason": "fraudulent",
        "is_charge_refundable": False,
        "created": 1_700_000_000,
        "evidence_details": {"due_by": 1_800_000_000},
        "balance_transactions": [movement("txn_withdrawn", -amount, source="du_1", category="dispute", fee=1500)],
    }
    return dispute | changes


def answer(stripe: Paywright, dispute_id: str, evidence: str) -> None:
    """Give evidence at Stripe, and let the bank decide by it."""
    client = StripeClient(stripe.secret_key, base_addresses={"api": stripe.api_base})
    client.v1.disputes.update(dispute_id, params={"evidence": {"uncategorized_text": evidence}})
    stripe.advance(10)
