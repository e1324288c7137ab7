"""What a reconciliation has found, as one JSON document."""

from typing import Any

from django.db.models import Count, QuerySet, Sum

from jumun.payments.balance_sums import others, ours, sums_by_currency
from jumun.payments.models import BalanceTransaction, Difference, Dispute, QuarantinedSnapshot, Reconciliation
from jumun.payments.reconcile.advice import advice
from jumun.payments.reconcile.set_aside import Told, problem_of

Kind = Difference.Kind


def report(run: Reconciliation) -> dict[str, Any]:
    """``ok``, the differences by kind, what is not ours, what waits for staff, and what the window's movements add up
    to, those of our orders apart from all others.

    Amounts are in minor units, those of ``balance``, ``money_without_order`` and ``not_ours`` in Stripe's.
    """
    differences = run.differences.exclude(kind=Kind.NOT_OURS)
    elsewhere = run.differences.filter(kind=Kind.NOT_OURS)
    movements = BalanceTransaction.objects.filter(created_at__gte=run.since)
    return {
        "ok": run.agrees,
        "since": run.since.isoformat(),
        "compared_count": run.compared_count,
        "differences": [_difference(row) for row in differences],
        "money_without_order": _sums(differences.filter(kind=Kind.PAID_WITHOUT_ORDER)),
        "not_ours": _sums(elsewhere) | {"sales": [_difference(row) for row in elsewhere]},
        "open_disputes": [_dispute(row) for row in Dispute.open_ones().select_related("payment__order")],
        "fraud_warnings": _fraud_warnings(),
        "balance": sums_by_currency(ours(movements)),
        "balance_not_ours": sums_by_currency(others(movements)),
    }


def _difference(row: Difference) -> dict[str, Any]:
    told = ("kind", "object_id", "order_number", "problem", "repaired")
    return {name: getattr(row, name) for name in told} | {"advice": advice(row.kind, repaired=row.repaired)}


def _sums(rows: QuerySet[Difference]) -> dict[str, Any]:
    by_currency = rows.exclude(amount=None).order_by("currency").values("currency")
    sums = by_currency.annotate(count=Count("pk"), amount_sum=Sum("amount"))
    return {
        "count": sum(row["count"] for row in sums),
        "amounts": {row["currency"].upper(): row["amount_sum"] for row in sums},
    }


def _fraud_warnings() -> list[dict[str, Any]]:
    waiting = QuarantinedSnapshot.objects.filter(resolved_at=None, reason=QuarantinedSnapshot.Reason.FRAUD_WARNING)
    return [
        {
            "warning_id": row.object_id,
            "order_number": row.order.number if row.order else "",
            "problem": problem_of(row, Told.read(row.snapshot)),
        }
        for row in waiting.select_related("order", "payment")
    ]


def _dispute(dispute: Dispute) -> dict[str, Any]:
    return {
        "dispute_id": dispute.dispute_id,
        "order_number": dispute.payment.order.number,
        "status": dispute.status,
        "amount_minor": dispute.amount_minor,
        "currency": dispute.currency,
        "due_at": dispute.due_at.isoformat() if dispute.due_at else None,
    }
