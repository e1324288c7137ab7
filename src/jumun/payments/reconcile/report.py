"""What a reconciliation has found, as one JSON document."""

from typing import Any

from jumun.payments.balance_sums import sums_by_currency
from jumun.payments.models import BalanceTransaction, Dispute, Reconciliation


def report(run: Reconciliation) -> dict[str, Any]:
    """``ok``, the differences by kind, the disputes that are open, and what the window's movements add up to.

    Amounts are in minor units, those of ``balance`` in Stripe's and in the currency that Stripe pays out.
    """
    told = ("kind", "object_id", "order_number", "problem", "repaired")
    return {
        "ok": run.agrees,
        "since": run.since.isoformat(),
        "compared_count": run.compared_count,
        "differences": list(run.differences.values(*told)),
        "open_disputes": [_dispute(row) for row in Dispute.open_ones().select_related("payment__order")],
        "balance": sums_by_currency(BalanceTransaction.objects.filter(created_at__gte=run.since)),
    }


def _dispute(dispute: Dispute) -> dict[str, Any]:
    return {
        "dispute_id": dispute.dispute_id,
        "order_number": dispute.payment.order.number,
        "status": dispute.status,
        "amount_minor": dispute.amount_minor,
        "currency": dispute.currency,
        "due_at": dispute.due_at.isoformat() if dispute.due_at else None,
    }
