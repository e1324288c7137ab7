"""What Stripe's events leave out of an object, and merging can use: it is fetched later, by a job.

An event is applied as it is and never waits for a call to Stripe, so nothing here makes one.
"""

from collections.abc import Callable
from typing import Any

from jumun import money
from jumun.conf import livemode
from jumun.db.fast import find
from jumun.outbox.models import Job
from jumun.payments.models import BalanceTransaction, Payment, Payout
from jumun.payments.models.refund import taken_minor
from jumun.payments.stripe.snapshots import Metadata, Reader
from jumun.payments.stripe.snapshots.reader import ID_MAX_CHARS

Snapshot = dict[str, Any]

# Where an object names what it did to the balance.
TRANSACTIONS = ("balance_transaction", "failure_balance_transaction")
# Of these only the payment tells whose they are.
PARTS_OF_PAYMENT = ("refund", "dispute", "radar.early_fraud_warning")


def is_of_unknown_payment(raw: Snapshot) -> bool:
    """Whether Stripe must tell first whose a refund, dispute or fraud warning is: its payment is not known here yet."""
    intent_id = _bare_id(raw, "payment_intent") if raw.get("object") in PARTS_OF_PAYMENT else ""
    return intent_id != "" and _payment(intent_id) is None


def enqueue_completion(raw: Snapshot) -> None:
    """Have what ``raw`` leaves out fetched and merged, in the transaction that has merged ``raw``.

    Once for each thing that is lacking, however many events lack it. Raises `MalformedSnapshot` where that has no id.
    """
    if what := lacking(raw):
        object_id = Reader(raw).text("id")
        Job.enqueue("payments.complete", key=f"{object_id}:{what}", kind=raw["object"], object_id=object_id)


def lacking(raw: Snapshot) -> str:
    """What our books lack after ``raw`` was merged, in a word for a job's key; empty where they lack nothing."""
    question = _QUESTIONS.get(str(raw.get("object")))
    # Our keys do not see objects of the other mode, test or live.
    return question(raw) if question and raw.get("livemode", livemode()) is livemode() else ""


def _of_session(session: Snapshot) -> str:
    """How it was paid: an event names the PaymentIntent, and not the charge."""
    payment = _payment(_bare_id(session, "payment_intent"))
    return "charge" if payment and payment.status == Payment.Status.PAID and not payment.charge_id else ""


def _of_charge(charge: Snapshot) -> str:
    """Its fee, which it only names, and what was refunded, of which it only tells how much."""
    payment = _payment(_bare_id(charge, "payment_intent")) if Metadata.within(charge).order_reference else None
    if payment is None:
        return ""
    return _unknown_transaction(charge) or _unknown_refunds(payment, charge.get("amount_refunded"))


def _of_refund(refund: Snapshot) -> str:
    return "payment" if is_of_unknown_payment(refund) else _unknown_transaction(refund)


def _of_dispute(dispute: Snapshot) -> str:
    return "payment" if is_of_unknown_payment(dispute) else ""


def _of_payout(payout: Snapshot) -> str:
    """Which balance transactions it is made of, once Stripe says that it knows them all."""
    is_grouped = payout.get("automatic") is True and payout.get("reconciliation_status") == "completed"
    if not is_grouped:
        return ""
    known = Payout.objects.filter(payout_id=payout.get("id")).first()
    return "" if known and known.adds_up else "transactions"


_QUESTIONS: dict[str, Callable[[Snapshot], str]] = {
    "checkout.session": _of_session,
    "charge": _of_charge,
    "refund": _of_refund,
    "dispute": _of_dispute,
    "payout": _of_payout,
    "radar.early_fraud_warning": _of_dispute,
}


def _bare_id(raw: Snapshot, name: str) -> str:
    """The id of another object that is named and not expanded; empty where there is none of Stripe's form."""
    value = raw.get(name)
    is_id = isinstance(value, str) and len(value) <= ID_MAX_CHARS and value.isprintable()
    return str(value) if is_id else ""


def _payment(payment_intent_id: str) -> Payment | None:
    return find(Payment, payment_intent_id=payment_intent_id) if payment_intent_id else None


def _unknown_transaction(raw: Snapshot) -> str:
    """The latest balance transaction that an object names and we do not know."""
    named = [transaction_id for name in TRANSACTIONS if (transaction_id := _bare_id(raw, name))]
    if not named:
        return ""
    known = BalanceTransaction.objects.filter(transaction_id__in=named).values_list("transaction_id", flat=True)
    return next((name for name in reversed(named) if name not in set(known)), "")


def _unknown_refunds(payment: Payment, amount_refunded: object) -> str:
    if not isinstance(amount_refunded, int) or amount_refunded < 1:
        return ""
    known_minor = taken_minor(payment.refunds.exclude(refund_id=None))
    is_all_known = amount_refunded == known_minor * money.stripe_scale(payment.currency)
    return "" if is_all_known else f"refunded-{amount_refunded}"
