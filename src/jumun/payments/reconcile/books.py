"""What an object of Stripe's can change of our books."""

from typing import Any

from django.db.models import Q, QuerySet

from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.payments.balance_sums import transactions_of
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, Refund

Row = dict[str, Any]
# By part, and by Stripe's id in that: what counts of the row.
Books = dict[str, dict[str, Row]]

# Parts that move because another part does.
FOLLOWING = frozenset({"order", "checkout", "transaction"})


def books_around(order: Order | None, raw: Row) -> Books:
    """The rows that merging ``raw`` can touch: all of ``order``, or a payout or balance transaction of its own."""
    books: Books = {"payment": {}, "refund": {}, "dispute": {}, "order": {}, "checkout": {}}
    if order is not None:
        books |= _around(order)
    object_id, kind = str(raw.get("id")), raw.get("object")
    books["payout"] = _payouts(object_id) if kind == "payout" else {}
    # One of another shop's charges, or of the account's own fees, is no affair of an order: mirrored without a word.
    is_ours = kind != "balance_transaction" or _is_ours(raw.get("source"))
    of_order = transactions_of(order) if order is not None else BalanceTransaction.objects.none()
    own = BalanceTransaction.objects.filter(transaction_id=object_id) if is_ours else of_order.none()
    books["transaction"] = _transactions(of_order) | _transactions(own)
    return books


def _around(order: Order) -> Books:
    state = Order.objects.values_list("state", flat=True).get(pk=order.pk)
    payments = Payment.objects.filter(order=order)
    refunds, disputes = Refund.objects.filter(payment__order=order), Dispute.objects.filter(payment__order=order)
    documents = Invoice.objects.filter(order=order).count() + CreditNote.objects.filter(invoice__order=order).count()
    return {
        "payment": {
            row.payment_intent_id: {
                **{"order": state, "status": row.status, "settling": row.settles_order},
                **{"method": row.method, "card": row.card_last4, "charge": row.charge_id},
            }
            for row in payments
        },
        "refund": {
            row.refund_id or f"refund {row.pk}": {"status": row.status, "amount": row.amount_minor} for row in refunds
        },
        "dispute": {
            row.dispute_id: {
                **{"status": row.status, "amount": row.amount_minor, "reason": row.reason, "due": row.due_at},
                **{"refundable": row.is_charge_refundable, "movements": row.transaction_count},
            }
            for row in disputes
        },
        "order": {order.number: {"state": state, "documents": documents}},
        "checkout": {row.session_id or f"checkout {row.pk}": {"state": row.state} for row in order.checkouts.all()},
    }


def _payouts(payout_id: str) -> dict[str, Row]:
    return {
        row.payout_id: {
            **{"status": row.status, "amount": row.amount_minor, "itemised": row.is_itemised},
            **{"transactions": row.transactions.count()},
        }
        for row in Payout.objects.filter(payout_id=payout_id)
    }


def _transactions(rows: QuerySet[BalanceTransaction]) -> dict[str, Row]:
    return {
        row.transaction_id: {
            **{"amount": row.amount_minor, "fee": row.fee_minor, "net": row.net_minor, "currency": row.currency},
            "source": row.source_id,
        }
        for row in rows
    }


def _is_ours(source: object) -> bool:
    is_source = Q(charge_id=source) | Q(refunds__refund_id=source) | Q(disputes__dispute_id=source)
    return isinstance(source, str) and Payment.objects.filter(is_source).exists()
