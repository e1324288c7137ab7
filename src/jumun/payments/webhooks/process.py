"""What the worker does with a received event: merge its object, and enqueue a job for what the event leaves out.

An event never waits for a call to Stripe, so nothing here makes one.
"""

import json
from collections.abc import Callable
from typing import Any

from django.db import transaction

from jumun import money
from jumun.conf import livemode
from jumun.errors import MalformedSnapshot
from jumun.outbox.lease import State
from jumun.outbox.models import Job
from jumun.payments.merge import apply, is_merged
from jumun.payments.models import BalanceTransaction, InboxEvent, Payment, Payout
from jumun.payments.models.refund import taken_minor
from jumun.payments.stripe.api_version import api_version
from jumun.payments.stripe.snapshots import Metadata, Reader
from jumun.payments.stripe.snapshots.reader import ID_MAX_CHARS

Snapshot = dict[str, Any]

FAILED_TYPE = "checkout.session.async_payment_failed"
# The fields in which an object names its balance transactions.
TRANSACTIONS = ("balance_transaction", "failure_balance_transaction")
# Only their payment says to which order these belong.
PARTS_OF_PAYMENT = ("refund", "dispute", "radar.early_fraud_warning")


def process(event: InboxEvent) -> None:
    """Merge the event's object and finish the event in one transaction.

    Raises `MalformedSnapshot` for a body without the documented shape, and whatever keeps the database from committing.
    """
    try:
        body = json.loads(event.payload)
        if is_merged(Reader(body)):
            _merge(event, body)
        else:
            # It was ignored when it arrived, and staff have requeued it.
            event.finish(State.IGNORED)
    except RecursionError as error:
        raise MalformedSnapshot("the event is nested too deeply") from error
    except MalformedSnapshot as error:
        raise _naming_versions(error, event) from error


def _merge(event: InboxEvent, body: Snapshot) -> None:
    snapshot = object_of(event.type, body)
    with transaction.atomic():
        order = None if is_of_unknown_payment(snapshot) else apply(snapshot, at=event.created_at)
        enqueue_completion(snapshot)
        event.finish(order_id=order and order.pk)


def object_of(event_type: str, body: Snapshot) -> Snapshot:
    """The object that an event reports. Raises `MalformedSnapshot`."""
    data = body.get("data")
    snapshot = data.get("object") if isinstance(data, dict) else None
    if not isinstance(snapshot, dict):
        raise MalformedSnapshot("the event has no object")
    return _failed(snapshot) if event_type == FAILED_TYPE else snapshot


def _failed(session: Snapshot) -> Snapshot:
    """A failed bank debit leaves its session complete and unpaid, as while the money was on its way: only the type of
    the event shows that it has failed. With the status filled in, the order can be paid again at once, without a call.
    """
    intent = session.get("payment_intent")
    if not isinstance(intent, str):
        return session
    return session | {"payment_intent": {"id": intent, "status": "requires_payment_method"}}


def _naming_versions(error: MalformedSnapshot, event: InboxEvent) -> MalformedSnapshot:
    """Stripe writes an event in the API version of the endpoint. Another version is fine as long as we can read it."""
    ours = api_version()
    if event.api_version in {"", ours}:
        return error
    return MalformedSnapshot(
        f"{error}. This event is in API version {event.api_version}, and we read {ours}: "
        "give the webhook endpoint that version, and bring in what it tells by `manage.py reconcile --repair`."
    )


def is_of_unknown_payment(raw: Snapshot) -> bool:
    """Whether a refund, dispute or fraud warning belongs to a payment that is not known here yet."""
    intent_id = _bare_id(raw, "payment_intent") if raw.get("object") in PARTS_OF_PAYMENT else ""
    return intent_id != "" and _payment(intent_id) is None


def enqueue_completion(raw: Snapshot) -> None:
    """Enqueue a job that fetches and merges what ``raw`` leaves out, in the transaction that has merged ``raw``.

    One job for each thing that is lacking, however many events lack it. Raises `MalformedSnapshot` where ``raw`` has no
    id.
    """
    if what := lacking(raw):
        object_id = Reader(raw).text("id")
        Job.enqueue("payments.complete", key=f"{object_id}:{what}", kind=raw["object"], object_id=object_id)


def lacking(raw: Snapshot) -> str:
    """What our books still lack once ``raw`` is merged, as a word for the job's key; empty where they lack nothing."""
    question = _QUESTIONS.get(str(raw.get("object")))
    # Our keys cannot retrieve objects of the other mode, test or live.
    return question(raw) if question and raw.get("livemode", livemode()) is livemode() else ""


def _of_session(session: Snapshot) -> str:
    """How it was paid: an event names the PaymentIntent, but not the charge."""
    payment = _payment(_bare_id(session, "payment_intent"))
    return "charge" if payment and payment.status == Payment.Status.PAID and not payment.charge_id else ""


def _of_charge(charge: Snapshot) -> str:
    """Its fee, as it only names the balance transaction, and its refunds, as it only reports their sum."""
    payment = _payment(_bare_id(charge, "payment_intent")) if Metadata.within(charge).order_reference else None
    if payment is None:
        return ""
    return _unknown_transaction(charge) or _unknown_refunds(payment, charge.get("amount_refunded"))


def _of_refund(refund: Snapshot) -> str:
    return "payment" if is_of_unknown_payment(refund) else _unknown_transaction(refund)


def _of_dispute(dispute: Snapshot) -> str:
    return "payment" if is_of_unknown_payment(dispute) else ""


def _of_payout(payout: Snapshot) -> str:
    """The balance transactions that it is made of, once Stripe has grouped them all."""
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
    """The id of another object that is named and not expanded; empty where there is none that can be stored."""
    value = raw.get(name)
    is_id = isinstance(value, str) and len(value) <= ID_MAX_CHARS and value.isprintable()
    return str(value) if is_id else ""


def _payment(payment_intent_id: str) -> Payment | None:
    return Payment.objects.filter(payment_intent_id=payment_intent_id).first() if payment_intent_id else None


def _unknown_transaction(raw: Snapshot) -> str:
    """The latest balance transaction that an object names and that is not known here."""
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
