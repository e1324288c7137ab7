"""The rows of ours that a Stripe object can change, and which of their fields are compared, as a report shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from jumun.invoices.models import Cancellation, CreditNote, Invoice
from jumun.orders.models import Order
from jumun.outbox.lease import storable
from jumun.outbox.models import Job
from jumun.payments.balance_sums import transactions_of
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, QuarantinedSnapshot, Refund
from jumun.payments.models.payment import AUTO_REFUND_JOB
from jumun.payments.reconcile.problem_text import amount_text, held_difference, stripe_amount_text
from jumun.payments.stripe.snapshots import transactions_within

# The compared fields of one row, by the name that the report gives them.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One row. ``part`` is its sort, such as "refund"; ``name`` is Stripe's id, or a number of ours."""

    part: str
    name: str


Books = dict[Key, Row]


def rows_around(order: Order | None, raw: dict[str, Any]) -> Books:
    """All rows that merging ``raw`` can change: those of ``order``, or a payout or a balance transaction."""
    object_id = storable(str(raw.get("id")))
    transaction_ids = [str(part.get("id")) for part in transactions_within(raw)]
    held, books = Q(object_id=object_id), Books()
    if raw.get("object") == "payout":
        books |= _payout(object_id)
    if raw.get("object") == "balance_transaction":
        transaction_ids.append(object_id)
    books |= _transactions(BalanceTransaction.objects.filter(transaction_id__in=transaction_ids))
    if order is not None:
        held |= Q(order=order)
        books |= _of_order(order) | _transactions(transactions_of(order))
    return books | _held(held)


def _of_order(order: Order) -> Books:
    order = Order.objects.get(pk=order.pk)
    payments = list(Payment.objects.filter(order=order))
    disputes = list(Dispute.objects.filter(payment__order=order).select_related("payment"))
    books = {
        Key("order", order.number): {
            "state": order.state,
            "paid": _moment_text(order.paid_at),
            "total": amount_text(order.total_minor, order.currency),
        }
    }
    books |= {
        Key("payment", row.payment_intent_id): {
            "status": row.status,
            "amount": amount_text(row.amount_minor, row.currency),
            "paid": _moment_text(row.paid_at),
            "settles the order": _yes_or_no(row.settles_order),
            "rejected": row.rejection_reason or "-",
            "method": row.method or "-",
            "card": f"{row.wallet} {row.card_brand} {row.card_last4}".strip() or "-",
            "charge": row.charge_id or "-",
        }
        for row in payments
    }
    books |= {
        Key("refund", row.refund_id or f"refund {row.pk}"): {
            "status": row.status,
            "amount": amount_text(row.amount_minor, row.currency),
        }
        for row in Refund.objects.filter(payment__order=order)
    }
    books |= {
        Key("dispute", row.dispute_id): {
            "status": row.status,
            "amount": amount_text(row.amount_minor, row.currency),
            "reason": row.reason,
            "answer due": _moment_text(row.due_at),
            "refundable": _yes_or_no(row.is_charge_refundable),
            "movements": str(row.transaction_count),
        }
        for row in disputes
    }
    books |= {
        Key("checkout", row.session_id or f"checkout {row.pk}"): {"state": row.state} for row in order.checkouts.all()
    }
    return books | _documents(order) | _auto_refunds(payments, disputes)


def _documents(order: Order) -> Books:
    """Named by what they are for: a dry run's number is not the one that the next document gets."""
    invoice = Invoice.objects.filter(order=order).first()
    if invoice is None:
        return {}
    books = {Key("document", f"invoice of {order.number}"): {"issued": amount_text(order.total_minor, order.currency)}}
    for note in CreditNote.objects.filter(invoice=invoice):
        amount = {"issued": amount_text(note.amount_minor, order.currency)}
        books[Key("document", f"credit note for {note.refund_id}")] = amount
        if Cancellation.objects.filter(credit_note=note).exists():
            books[Key("document", f"cancellation of the credit note for {note.refund_id}")] = amount
    return books


def _auto_refunds(payments: list[Payment], disputes: list[Dispute]) -> Books:
    payment_by_key = {f"{AUTO_REFUND_JOB}:{payment.payment_intent_id}": payment for payment in payments}
    for row in disputes:
        payment_by_key[f"{AUTO_REFUND_JOB}:{row.payment.payment_intent_id}:{row.dispute_id}"] = row.payment
    keys = Job.objects.filter(key__in=payment_by_key).values_list("key", flat=True) if payment_by_key else []
    return {
        Key("return", key.removeprefix(f"{AUTO_REFUND_JOB}:")): {
            "amount": amount_text(payment_by_key[key].amount_minor, payment_by_key[key].currency)
        }
        for key in keys
    }


def _held(wanted: Q) -> Books:
    return {
        Key("held", f"{row.reason} {row.object_id}"): {
            "is_resolved": row.is_resolved,
            "difference": held_difference(row),
        }
        for row in QuarantinedSnapshot.objects.filter(wanted).select_related("order", "payment")
    }


def _payout(payout_id: str) -> Books:
    return {
        Key("payout", row.payout_id): {
            "status": row.status,
            "amount": stripe_amount_text(row.amount_minor, row.currency),
            "arrives": _moment_text(row.arrives_at),
            "grouping": row.reconciliation_status,
            "failure": row.failure_message or "-",
            "itemised": _yes_or_no(row.is_itemised),
            "transactions": str(row.transactions.count()),
        }
        for row in Payout.objects.filter(payout_id=payout_id)
    }


def _transactions(rows: QuerySet[BalanceTransaction]) -> Books:
    return {
        Key("transaction", row.transaction_id): {
            "amount": stripe_amount_text(row.amount_minor, row.currency),
            "fee": stripe_amount_text(row.fee_minor, row.currency),
            "net": stripe_amount_text(row.net_minor, row.currency),
            "of": row.source_id or "-",
            "category": f"{row.type} {row.reporting_category}",
            "created": _moment_text(row.created_at),
            "available": _moment_text(row.available_at),
        }
        for row in rows
    }


def _moment_text(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
