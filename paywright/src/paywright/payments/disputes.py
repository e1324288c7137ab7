"""Disputes: chargebacks, which move money at once, and inquiries, which do not.

Source: https://docs.stripe.com/disputes/how-disputes-work
"""

from typing import Any

from paywright.api.errors import invalid_request
from paywright.money.balance import insert_transaction
from paywright.payments.cards import Card
from paywright.payments.fraud_warnings import answered
from paywright.spec import tables
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]

DAY_S = 86_400
DUE_S = 8 * DAY_S
"""Time to answer in test mode (one recording)."""
INQUIRY_CLOSES_S = 120 * DAY_S
REVIEW_S = 3
FEE_MINOR = 1500

CLOSED = ("won", "lost", "warning_closed", "prevented")
_NETWORK_REASONS = {"fraudulent": "10.4", "product_not_received": "13.1"}
WINNING, LOSING, ESCALATING = "winning_evidence", "losing_evidence", "escalate_inquiry_evidence"


def dispute_by_card(tx: Transaction, charge: Json, card: Card) -> None:
    """Open the disputes that a test card asks for; several share the charge's amount, which is inferred."""
    left = charge["amount"]
    for number in range(card.disputes, 0, -1):
        amount = left // number
        left -= amount
        open_dispute(tx, charge, reason=card.dispute, amount=amount, inquiry=card.inquiry)


def open_dispute(tx: Transaction, charge: Json, *, reason: str, amount: int, inquiry: bool) -> Json:
    """Dispute ``amount`` minor units of a successful charge."""
    dispute = blank(
        "dispute",
        id=ids.new("du"),
        amount=amount,
        balance_transactions=[],
        charge=charge["id"],
        created=tx.now,
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence=_no_evidence(),
        evidence_details={
            "due_by": tx.now + DUE_S,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=inquiry,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details=_method_details(charge, reason, inquiry),
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    tx.insert(dispute)
    charge["disputed"] = True
    charge.setdefault("_disputes", []).append(dispute["id"])
    tx.save(charge)
    tx.later(INQUIRY_CLOSES_S if inquiry else DUE_S, "dispute_deadline", dispute["id"])
    if inquiry:
        events.emit(tx, "charge.dispute.created", dispute)
    else:
        _withdraw(tx, dispute)
        events.emit(tx, "charge.dispute.created", dispute)
        events.emit(tx, "charge.dispute.funds_withdrawn", dispute)
    answered(tx, charge)
    return dispute


def _no_evidence() -> Json:
    members = tables()["objects"]["dispute_evidence"]
    return {**dict.fromkeys(members), "enhanced_evidence": {}}


def _method_details(charge: Json, reason: str, inquiry: bool) -> Json:
    brand = (charge["payment_method_details"].get("card") or {}).get("brand", "visa")
    card = {
        "brand": brand,
        "case_type": "inquiry" if inquiry else "chargeback",
        "network": brand,
        "network_reason_code": _NETWORK_REASONS.get(reason, "10.4"),
    }
    return {"card": card, "type": "card"}


def _withdraw(tx: Transaction, dispute: Json) -> None:
    _move(tx, dispute, -dispute["amount"], "dispute", FEE_MINOR, f"Chargeback withdrawal for {dispute['charge']}")


def _move(tx: Transaction, dispute: Json, amount: int, category: str, fee: int, description: str) -> None:
    transaction = insert_transaction(
        tx,
        source=dispute["id"],
        kind="adjustment",
        category=category,
        amount=amount,
        currency=dispute["currency"],
        available_on=tx.now,
        fee=fee,
        fee_description="Dispute fee",
        description=description,
    )
    dispute["balance_transactions"] = [*dispute["balance_transactions"], transaction]
    tx.save(dispute)


def submit_evidence(tx: Transaction, dispute: Json, evidence: Json | None, *, submit: bool) -> None:
    """Add evidence to the dispute and, if ``submit``, send it to the bank."""
    refuse_if_closed(dispute)
    before = {"evidence": dispute["evidence"], "status": dispute["status"]}
    details = dispute["evidence_details"]
    if evidence:
        dispute["evidence"] = {**dispute["evidence"], **evidence}
        dispute["evidence"]["enhanced_evidence"] = _enhanced(dispute["evidence"]["enhanced_evidence"] or {})
        if dispute["evidence"].get("appeal") is not None:
            dispute["evidence"]["appeal"] = _without_unset(dispute["evidence"]["appeal"])
        details["has_evidence"] = any(v for v in dispute["evidence"].values())
    if submit:
        inquiry = dispute["status"].startswith("warning_")
        dispute["status"] = "warning_under_review" if inquiry else "under_review"
        details.update(submission_count=details["submission_count"] + 1, submission_method="manual")
        tx.later(REVIEW_S, "review_dispute", dispute["id"])
    tx.save(dispute)
    events.emit(tx, "charge.dispute.updated", dispute, previous=before)
    if submit:
        events.emit(tx, "charge.updated", tx.get(dispute["charge"]), previous={})


def _without_unset(given: Json) -> Json:
    """Drop members that an empty text unset: the members of an appeal are never null."""
    kept = {name: value for name, value in given.items() if value is not None}
    return {name: _without_unset(value) if isinstance(value, dict) else value for name, value in kept.items()}


def _enhanced(given: Json) -> Json:
    """Enhanced evidence with the members that each kind always has, without the kinds that were unset."""
    kept: Json = {}
    for kind in ("mastercard_compliance", "visa_compliance"):
        if given.get(kind) is not None:
            kept[kind] = {"fee_acknowledged": bool(given[kind].get("fee_acknowledged"))}
    compelling = given.get("visa_compelling_evidence_3")
    if compelling is not None:
        kept["visa_compelling_evidence_3"] = {
            "disputed_transaction": compelling.get("disputed_transaction"),
            "prior_undisputed_transactions": compelling.get("prior_undisputed_transactions") or [],
        }
    return kept


def review_dispute(tx: Transaction, dispute_id: str) -> None:
    """The task after evidence was sent: the bank decides by the text, as Stripe's test documentation says."""
    dispute = tx.get(dispute_id)
    text = dispute["evidence"]["uncategorized_text"]
    if dispute["status"] == "under_review" and text == WINNING:
        _win(tx, dispute)
    elif dispute["status"] == "under_review" and text == LOSING:
        lose(tx, dispute)
    elif dispute["status"] == "warning_under_review" and text == WINNING:
        _close(tx, dispute, "warning_closed")
    elif dispute["status"] == "warning_under_review" and text in (ESCALATING, LOSING):
        _escalate(tx, dispute)


def _win(tx: Transaction, dispute: Json) -> None:
    _move(tx, dispute, dispute["amount"], "dispute_reversal", 0, f"Chargeback reversal for {dispute['charge']}")
    dispute["status"] = "won"
    tx.save(dispute)
    tx.forget_task("dispute_deadline", dispute["id"])
    events.emit(tx, "charge.dispute.funds_reinstated", dispute)
    events.emit(tx, "charge.dispute.closed", dispute)


def lose(tx: Transaction, dispute: Json) -> None:
    """The dispute is lost: by the bank's decision, or because the merchant accepted it."""
    _close(tx, dispute, "lost")
    events.emit(tx, "charge.updated", tx.get(dispute["charge"]), previous={})


def _close(tx: Transaction, dispute: Json, status: str) -> None:
    dispute["status"] = status
    tx.save(dispute)
    tx.forget_task("dispute_deadline", dispute["id"])
    events.emit(tx, "charge.dispute.closed", dispute)


def _escalate(tx: Transaction, dispute: Json) -> None:
    """An inquiry becomes a chargeback: only now money moves."""
    before = {"status": dispute["status"], "is_charge_refundable": True}
    dispute.update(status="needs_response", is_charge_refundable=False)
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    dispute["evidence_details"]["due_by"] = tx.now + DUE_S
    _withdraw(tx, dispute)
    tx.later(DUE_S, "dispute_deadline", dispute["id"])
    events.emit(tx, "charge.dispute.updated", dispute, previous=before)
    events.emit(tx, "charge.dispute.funds_withdrawn", dispute)


def deadline_passes(tx: Transaction, dispute_id: str) -> None:
    """The task at the deadline: an unanswered chargeback is lost, an inquiry is closed."""
    dispute = tx.get(dispute_id)
    if dispute["status"] == "needs_response":
        dispute["evidence_details"]["past_due"] = True
        lose(tx, dispute)
    elif dispute["status"].startswith("warning_") and dispute["status"] != "warning_closed":
        _close(tx, dispute, "warning_closed")


def close_by_merchant(tx: Transaction, dispute: Json) -> Json:
    """Accept the dispute: lost, irreversibly."""
    refuse_if_closed(dispute)
    lose(tx, dispute)
    return dispute


def refuse_if_closed(dispute: Json) -> None:
    if dispute["status"] in CLOSED:
        raise invalid_request("This dispute is already closed", stored=True)
