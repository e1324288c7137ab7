"""What Stripe's events leave out of an object and merging needs is fetched, before the books are locked.

One completion for each type of object; what is complete, or not told of here, stays as it came.
"""

import logging
from collections.abc import Callable
from typing import Any

from jumun import money
from jumun.errors import StripeError
from jumun.payments import gateway
from jumun.payments.models import BalanceTransaction, Payment, Payout
from jumun.payments.models.refund import taken_minor
from jumun.rows import find

logger = logging.getLogger("jumun.payments")

Snapshot = dict[str, Any]

# Where an object names what it did to the balance.
TRANSACTIONS = ("balance_transaction", "failure_balance_transaction")


def complete(snapshot: Snapshot) -> Snapshot:
    """The snapshot with what merging needs of it. Must not run in a transaction: it may ask Stripe.

    Raises `StripeError` only where without an answer it could not even be told whose the object is.
    """
    completion = _COMPLETIONS.get(str(snapshot.get("object")))
    return completion(snapshot) if completion else snapshot


def _session_with_card(session: Snapshot) -> Snapshot:
    """A paid session's event names its PaymentIntent only by id; fetch it with the card, which the invoice prints.

    What is signed suffices to mark the order paid, so a Stripe that does not answer holds nothing up.
    """
    intent_id = session.get("payment_intent")
    if not isinstance(intent_id, str):
        return session
    known = _payment(intent_id)
    if known and known.card_last4:
        return session
    try:
        fetched = gateway.retrieve_session(str(session.get("id")))
    except StripeError:
        logger.warning("the card of %s is not known yet", intent_id, exc_info=True)
        return session
    return session | {"payment_intent": fetched.get("payment_intent") or intent_id}


def _refund_with_payment(refund: Snapshot) -> Snapshot:
    """A refund names its payment and its balance transactions by id; where one of them is news, fetch the refund.

    Only a payment that is not known here holds it up: the payment names the order.
    """
    intent_id = refund.get("payment_intent")
    if not isinstance(intent_id, str):
        return refund
    is_known = _payment(intent_id) is not None
    if is_known and not _unknown_transactions(refund):
        return refund
    try:
        fetched = gateway.retrieve_refund(str(refund.get("id")))
    except StripeError:
        if not is_known:
            raise
        logger.warning("the balance transactions of %s are not known yet", refund.get("id"), exc_info=True)
        return refund
    return refund | {name: fetched.get(name) or refund.get(name) for name in ("payment_intent", *TRANSACTIONS)}


def _dispute_with_payment(dispute: Snapshot) -> Snapshot:
    """A dispute names its payment, which names the order; one that came before its payment did asks Stripe for it."""
    intent_id = dispute.get("payment_intent")
    if not isinstance(intent_id, str) or _payment(intent_id) is not None:
        return dispute
    fetched = gateway.retrieve_dispute(str(dispute.get("id")))
    return dispute | {"payment_intent": fetched.get("payment_intent") or intent_id}


def _charge_with_money(charge: Snapshot) -> Snapshot:
    """A charge tells its fee by a name only, and how much of it was refunded, not by what: fetch what is news of that.

    The refunds have events of their own and the fee is in the reconciliation, so a Stripe that does not answer holds
    nothing up.
    """
    intent_id, metadata = charge.get("payment_intent"), charge.get("metadata")
    if not isinstance(intent_id, str) or not isinstance(metadata, dict) or "order_reference" not in metadata:
        return charge
    try:
        for transaction_id in _unknown_transactions(charge):
            charge = charge | {"balance_transaction": gateway.retrieve_balance_transaction(transaction_id)}
        if _has_unknown_refunds(intent_id, charge.get("amount_refunded")):
            charge = charge | {"refunds": {"data": list(gateway.refunds_of(intent_id))}}
    except StripeError:
        logger.warning("the fee and the refunds of %s are not known yet", intent_id, exc_info=True)
    return charge


def _payout_with_transactions(payout: Snapshot) -> Snapshot:
    """Which balance transactions a payout is made of, once Stripe says that it knows them all."""
    payout_id = str(payout.get("id"))
    is_grouped = payout.get("automatic") is True and payout.get("reconciliation_status") == "completed"
    known = Payout.objects.filter(payout_id=payout_id, is_itemised=True).first()
    if not is_grouped or (known and known.adds_up):
        return payout
    return payout | {"balance_transactions": {"data": list(gateway.transactions_of_payout(payout_id))}}


_COMPLETIONS: dict[str, Callable[[Snapshot], Snapshot]] = {
    "checkout.session": _session_with_card,
    "charge": _charge_with_money,
    "refund": _refund_with_payment,
    "dispute": _dispute_with_payment,
    "payout": _payout_with_transactions,
}


def _payment(payment_intent_id: str) -> Payment | None:
    return find(Payment, payment_intent_id=payment_intent_id)


def _unknown_transactions(raw: Snapshot) -> list[str]:
    """The balance transactions that an object names and we do not know."""
    named = [value for name in TRANSACTIONS if isinstance(value := raw.get(name), str)]
    known = BalanceTransaction.objects.filter(transaction_id__in=named).values_list("transaction_id", flat=True)
    return sorted(set(named) - set(known))


def _has_unknown_refunds(payment_intent_id: str, amount_refunded: object) -> bool:
    payment = _payment(payment_intent_id)
    if payment is None or not amount_refunded:
        return False
    known = payment.refunds.exclude(refund_id=None)
    return amount_refunded != money.to_stripe(taken_minor(known), payment.currency)
