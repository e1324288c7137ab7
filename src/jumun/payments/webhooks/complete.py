"""Fetch what events leave out: the card that paid, fees, the order of a refund, the transactions of a payout."""

from collections.abc import Callable
from typing import Any

from jumun.payments.merge import apply
from jumun.payments.stripe import gateway
from jumun.payments.webhooks.process import lacking

Snapshot = dict[str, Any]


def complete(kind: str, object_id: str) -> None:
    """Fetch an object with all that merging can use, and merge it. Raises `StripeError` and `MalformedSnapshot`.

    Must not run in a transaction. Running it twice changes nothing more.
    """
    apply(_FETCH[kind](object_id))


def completed(raw: Snapshot) -> Snapshot:
    """``raw``, or the same object fetched again if merging ``raw`` would leave a gap. Raises `StripeError`."""
    return fetched(raw) if lacking(raw) else raw


def fetched(raw: Snapshot) -> Snapshot:
    """The same object as Stripe has it now, with all that merging can use. Raises `StripeError`."""
    return _FETCH[raw["object"]](str(raw["id"]))


def _payout_with_transactions(payout_id: str) -> Snapshot:
    transactions = list(gateway.transactions_of_payout(payout_id))
    return gateway.retrieve_payout(payout_id) | {"balance_transactions": {"data": transactions}}


def _warning_with_its_payment(warning_id: str) -> Snapshot:
    """A warning names its payment, but not the order: merge the session of the payment first."""
    warning = gateway.retrieve_fraud_warning(warning_id)
    intent = warning.get("payment_intent")
    for session in gateway.sessions_of(intent) if isinstance(intent, str) else ():
        apply(session)
    return warning


_FETCH: dict[str, Callable[[str], Snapshot]] = {
    "checkout.session": gateway.retrieve_session,
    "charge": gateway.retrieve_charge,
    "refund": gateway.retrieve_refund,
    "dispute": gateway.retrieve_dispute,
    "radar.early_fraud_warning": _warning_with_its_payment,
    "payout": _payout_with_transactions,
}
