"""Charges: the bank's answer to one attempt to pay."""

from typing import Any

from paywright.payments.cards import CARDS, Decline
from paywright.payments.methods import checks, fingerprint
from paywright.state import ids
from paywright.state.objects import blank
from paywright.state.store import Transaction

Json = dict[str, Any]

STATEMENT_DESCRIPTOR = "PAYWRIGHT"

_RISK_SCORE = {"normal": 20, "elevated": 70, "highest": 90}


def successful_charge(tx: Transaction, intent: Json, method: Json) -> Json:
    """Insert a captured charge; its balance transaction comes later."""
    charge = _charge(tx, intent, method)
    card = CARDS[method["_number"]]
    charge.update(
        amount_captured=intent["amount"],
        captured=True,
        outcome=_outcome(card.risk_level, network_status="approved_by_network", kind="authorized"),
        paid=True,
        receipt_url=f"{tx.base_url}/_paywright/payments/{intent['id']}" if intent["id"] else None,
        status="succeeded",
    )
    return tx.insert(charge)


def pending_charge(tx: Transaction, intent: Json, method: Json) -> Json:
    """Insert the charge of a bank debit that the bank has not answered yet."""
    charge = _charge(tx, intent, method)
    charge.update(
        amount_captured=intent["amount"],
        captured=True,
        outcome=_outcome("not_assessed", network_status="approved_by_network", kind="authorized"),
        paid=False,
        status="pending",
    )
    return tx.insert(charge)


def failed_charge(tx: Transaction, intent: Json, method: Json, why: Decline) -> Json:
    """Insert a charge the issuer refused."""
    charge = _charge(tx, intent, method)
    card = CARDS[method["_number"]]
    blocked = card.decline is why and why.decline_code == "fraudulent"
    if why.code == "incorrect_cvc":
        charge["payment_method_details"]["card"]["checks"]["cvc_check"] = "fail"
    charge.update(
        amount_captured=0,
        captured=False,
        failure_code=why.code,
        failure_message=why.message,
        outcome={
            **_outcome(
                card.risk_level,
                network_status="not_sent_to_network" if blocked else "declined_by_network",
                kind="blocked" if blocked else "issuer_declined",
            ),
            "advice_code": None if blocked else "try_again_later",
            "network_decline_code": None if blocked else "01",
            "reason": "highest_risk_level" if blocked else why.decline_code,
            "seller_message": "Stripe blocked this payment as too risky."
            if blocked
            else "The bank did not return any further details with this decline.",
        },
        paid=False,
        status="failed",
    )
    return tx.insert(charge)


def _charge(tx: Transaction, intent: Json, method: Json) -> Json:
    """What every charge takes over from its intent; the metadata is copied once, which is unverified."""
    return blank(
        "charge",
        id=ids.new("ch"),
        amount=intent["amount"],
        amount_refunded=0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor=STATEMENT_DESCRIPTOR,
        created=tx.now,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        fraud_details={},
        metadata=dict(intent["metadata"]),
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details(intent, method),
        radar_options={},
        receipt_email=intent["receipt_email"],
        refunded=False,
        shipping=intent["shipping"],
        statement_descriptor_suffix=intent["statement_descriptor_suffix"],
        transfer_group=intent["transfer_group"],
    )


def _outcome(risk_level: str, *, network_status: str, kind: str) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network_status,
        "reason": None,
        "risk_level": risk_level,
        **({"risk_score": _RISK_SCORE[risk_level]} if risk_level in _RISK_SCORE else {}),
        "seller_message": "Payment complete.",
        "type": kind,
    }


def _details(intent: Json, method: Json) -> Json:
    if method["type"] == "card":
        return {"card": _card_details(intent, method), "type": "card"}
    account = {name: value for name, value in method["sepa_debit"].items() if name != "generated_from"}
    return {"sepa_debit": {**account, "mandate": None}, "type": "sepa_debit"}


def _card_details(intent: Json, method: Json) -> Json:
    card = method["card"]
    return {
        "amount_authorized": intent["amount"],
        "authorization_code": "000000",
        "brand": card["brand"],
        "checks": checks(method["billing_details"]),
        "country": card["country"],
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": fingerprint(method["_number"]),
        "funding": card["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": ids.random_text(15),
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": _three_d_secure(method) if method.get("_authenticated") else None,
        "wallet": None,
    }


def _three_d_secure(method: Json) -> Json:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "02" if method["card"]["brand"] == "mastercard" else "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": ids.random_text(20),
        "version": "2.2.0",
    }
