"""What an object of Stripe's can change of our books, in words that a report can show beside each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from jumun.invoices.models import Cancellation, CreditNote, Invoice
from jumun.orders.models import Order
from jumun.outbox.lease import storable
from jumun.outbox.models import Job
from jumun.payments.amount_text import amount_text, stripe_amount_text
from jumun.payments.balance_sums import transactions_of
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, QuarantinedSnapshot, Refund
from jumun.payments.models.payment import AUTO_REFUND_JOB
from jumun.payments.reconcile.found import Found
from jumun.payments.stripe.snapshots import transactions_within

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing in the books: ``part`` is a word of `PARTS`, ``name`` Stripe's id or a number of ours."""

    part: str
    name: str


# What counts of each thing, as it is shown.
Books = dict[Key, Row]


def moment_text(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"


def books_around(order: Order | None, raw: Row) -> Books:
    """All that merging ``raw`` can touch: all of ``order``, or a payout or balance transaction of its own."""
    object_id = storable(str(raw.get("id")))
    books = _around(order) if order is not None else {}
    books |= _quarantined(Q(object_id=object_id) | (Q(order=order) if order is not None else Q(pk=None)))
    if raw.get("object") == "payout":
        books |= _payout(object_id)
    named = [str(found.get("id")) for found in transactions_within(raw)]
    if raw.get("object") == "balance_transaction":
        named.append(object_id)
    books |= _transactions(BalanceTransaction.objects.filter(transaction_id__in=named))
    return books | (_transactions(transactions_of(order)) if order is not None else {})


def _around(order: Order) -> Books:
    order = Order.objects.get(pk=order.pk)
    payments = list(Payment.objects.filter(order=order))
    disputes = list(Dispute.objects.filter(payment__order=order).select_related("payment"))
    books = {
        Key("order", order.number): {
            "state": order.state,
            "paid": moment_text(order.paid_at),
            "total": amount_text(order.total_minor, order.currency),
        }
    }
    books |= {
        Key("payment", row.payment_intent_id): {
            "status": row.status,
            "amount": amount_text(row.amount_minor, row.currency),
            "paid": moment_text(row.paid_at),
            "settles the order": "yes" if row.settles_order else "no",
            "not wanted": row.rejection_reason or "-",
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
            "answer due": moment_text(row.due_at),
            "refundable": "yes" if row.is_charge_refundable else "no",
            "movements": str(row.transaction_count),
        }
        for row in disputes
    }
    books |= {
        Key("checkout", row.session_id or f"checkout {row.pk}"): {"state": row.state} for row in order.checkouts.all()
    }
    return books | _documents(order) | _returns(payments, disputes)


def _documents(order: Order) -> Books:
    """By what they are for: a number that a dry run would give is not the one that the next document gets."""
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


def _returns(payments: list[Payment], disputes: list[Dispute]) -> Books:
    """Money that is sent back to the customer without anybody being asked."""
    keys = {f"{AUTO_REFUND_JOB}:{payment.payment_intent_id}": payment for payment in payments}
    keys |= {f"{AUTO_REFUND_JOB}:{row.payment.payment_intent_id}:{row.dispute_id}": row.payment for row in disputes}
    known = Job.objects.filter(key__in=keys).values_list("key", flat=True) if keys else []
    return {
        Key("return", key.removeprefix(f"{AUTO_REFUND_JOB}:")): {
            "amount": amount_text(keys[key].amount_minor, keys[key].currency)
        }
        for key in known
    }


def _quarantined(wanted: Q) -> Books:
    return {
        Key("set aside", f"{row.reason} {row.object_id}"): {
            "waits": "no" if row.is_resolved else "yes",
            "found": Found.waiting(row),
        }
        for row in QuarantinedSnapshot.objects.filter(wanted).select_related("order", "payment")
    }


def _payout(payout_id: str) -> Books:
    return {
        Key("payout", row.payout_id): {
            "status": row.status,
            "amount": stripe_amount_text(row.amount_minor, row.currency),
            "arrives": moment_text(row.arrives_at),
            "grouping": row.reconciliation_status,
            "failure": row.failure_message or "-",
            "itemised": "yes" if row.is_itemised else "no",
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
            "created": moment_text(row.created_at),
            "available": moment_text(row.available_at),
        }
        for row in rows
    }


def is_ours(source: object) -> bool:
    """Whether a balance transaction's source is a charge, refund or dispute of one of our payments."""
    is_source = Q(charge_id=source) | Q(refunds__refund_id=source) | Q(disputes__dispute_id=source)
    return isinstance(source, str) and source != "" and Payment.objects.filter(is_source).exists()
