"""Refunds of card charges (https://docs.stripe.com/refunds)."""

from typing import Any

from paywright.api.errors import invalid_request
from paywright.money.balance import insert_transaction
from paywright.money.currencies import check_fraction, symbol_amount
from paywright.payments.cards import CARDS, RefundOutcome
from paywright.payments.fraud_warnings import answered
from paywright.payments.settle import settle_now
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction
from paywright.webhooks import events

Json = dict[str, Any]

REFERENCE_AFTER_S = 3
OUTCOME_AFTER_S = 3
CANCELABLE_S = 1_800
"""Stripe's test documentation lets a pending refund be canceled for 30 minutes."""


def refund_charge(tx: Transaction, charge: Json, *, amount: int | None, reason: str | None, metadata: Json) -> Json:
    """Refund ``amount`` minor units (None: the rest) and return the refund; raise ApiError as Stripe does."""
    settle_now(tx, charge)
    amount = _checked_amount(tx, charge, amount)
    behaviour = _behaviour(tx, charge)
    refund = _new_refund(tx, charge, amount, reason, metadata, pending=behaviour == "pending_then_succeeded")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    tx.save(charge)
    events.emit(tx, "refund.created", refund)
    events.emit(tx, "charge.refunded", charge)
    if charge["refunded"]:
        answered(tx, charge)
    if behaviour:
        tx.later(OUTCOME_AFTER_S, "finish_refund", refund["id"])
    else:
        tx.later(REFERENCE_AFTER_S, "refund_reference", refund["id"])
    return refund


def _checked_amount(tx: Transaction, charge: Json, amount: int | None) -> int:
    if charge["status"] != "succeeded":
        raise invalid_request(f"Charge {charge['id']} has not succeeded; it cannot be refunded.", param="charge")
    if _is_charged_back(tx, charge):
        raise invalid_request(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed", stored=True
        )
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise invalid_request(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", stored=True
        )
    if amount is not None and amount > left:
        currency = charge["currency"]
        raise invalid_request(
            f"Refund amount ({symbol_amount(amount, currency)}) is greater than unrefunded amount on charge"
            f" ({symbol_amount(left, currency)})",
            param="amount",
            stored=True,
        )
    if amount is not None:
        check_fraction(amount, charge["currency"], "amount")
    return left if amount is None else amount


def _is_charged_back(tx: Transaction, charge: Json) -> bool:
    """Whether a dispute holds the money, for now or for good. After a won dispute the payment can be refunded
    (inferred: WooPayments offers refunds for all but open and lost disputes; Automattic/woocommerce-payments#7043).
    """
    disputes = [tx.get(dispute) for dispute in charge.get("_disputes", ())]
    return any(not dispute["is_charge_refundable"] and dispute["status"] != "won" for dispute in disputes)


def _behaviour(tx: Transaction, charge: Json) -> RefundOutcome:
    method = tx.find(charge["payment_method"] or "")
    return CARDS[method["_number"]].refund if method and "_number" in method else ""


def _new_refund(
    tx: Transaction, charge: Json, amount: int, reason: str | None, metadata: Json, *, pending: bool
) -> Json:
    refund = blank(
        "refund",
        id=ids.new("re"),
        amount=amount,
        charge=charge["id"],
        created=tx.now,
        currency=charge["currency"],
        destination_details=_destination(charge),
        metadata=metadata,
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=reason,
        status="pending" if pending else "succeeded",
    )
    del refund["livemode"]
    if pending:
        refund["pending_reason"] = "processing"
    refund["balance_transaction"] = insert_transaction(
        tx,
        source=refund["id"],
        kind="refund",
        category="refund",
        amount=-amount,
        currency=charge["currency"],
        available_on=_availability(tx, charge),
        description=f"REFUND FOR CHARGE ({charge['description']})" if charge["description"] else "REFUND FOR CHARGE",
    )["id"]
    return tx.insert(refund)


def _destination(charge: Json) -> Json:
    kind = charge["payment_method_details"]["type"]
    if kind != "card":
        return (
            {kind: {}, "type": kind} if kind != "sepa_debit" else {"type": "eu_bank_transfer", "eu_bank_transfer": {}}
        )
    reference = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    return {"card": reference, "type": "card"}


def _availability(tx: Transaction, charge: Json) -> int:
    """A refund leaves the balance together with the charge it undoes."""
    return max(tx.now, int(tx.get(charge["balance_transaction"])["available_on"]))


def reference_arrives(tx: Transaction, refund_id: str) -> None:
    """The task some seconds later: the bank's reference number."""
    refund = tx.get(refund_id)
    before = {"destination_details": refund["destination_details"]}
    card = refund["destination_details"].get("card")
    if card is None:
        return
    known = {**card, "reference": f"{tx.now:023d}", "reference_status": "available"}
    refund["destination_details"] = {**refund["destination_details"], "card": known}
    _announce(tx, refund, before)


def finish_refund(tx: Transaction, refund_id: str) -> None:
    """The task that ends a refund of the cards made to test refunds."""
    refund = tx.get(refund_id)
    if refund["status"] == "pending":
        refund["status"] = "succeeded"
        del refund["pending_reason"]
        _announce(tx, refund, {"status": "pending"})
    elif refund["status"] == "succeeded":
        before = {"status": refund["status"]}
        refund.update(status="failed", failure_reason="expired_or_canceled_card")
        _give_back(tx, refund)
        events.emit(tx, "refund.failed", refund)
        _announce(tx, refund, before)


def cancel_refund(tx: Transaction, refund: Json) -> Json:
    """Cancel a refund that has not gone out; raise ApiError otherwise."""
    early = refund["status"] == "pending" and tx.now - refund["created"] <= CANCELABLE_S
    if refund["status"] != "requires_action" and not early:
        raise invalid_request("Canceling this refund is unsupported.", stored=True)
    before = {"status": refund["status"]}
    refund.pop("pending_reason", None)
    refund["status"] = "canceled"
    tx.forget_task("finish_refund", refund["id"])
    _give_back(tx, refund)
    _announce(tx, refund, before)
    return refund


def _give_back(tx: Transaction, refund: Json) -> None:
    """The money of a failed or canceled refund returns to the balance and to the charge."""
    refund["failure_balance_transaction"] = insert_transaction(
        tx,
        source=refund["id"],
        kind="refund_failure",
        category="refund_failure",
        amount=refund["amount"],
        currency=refund["currency"],
        available_on=tx.now,
        description="REFUND FAILURE",
    )["id"]
    charge = tx.get(refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    tx.save(charge)


def _announce(tx: Transaction, refund: Json, before: Json) -> None:
    tx.save(refund)
    events.emit(tx, "refund.updated", refund, previous=before)
    events.emit(tx, "charge.refund.updated", refund, previous=before)
