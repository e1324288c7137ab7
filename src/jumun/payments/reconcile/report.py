"""What a reconciliation has found, as one JSON document, and what to do about each difference."""

from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from jumun.payments.balance_sums import others, ours, sums_by_currency
from jumun.payments.models import BalanceTransaction, Difference, Dispute, QuarantinedSnapshot, Reconciliation
from jumun.payments.reconcile.problem_text import held_difference

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Kind = Difference.Kind

_REPAIR = _("Run manage.py reconcile --repair.")
_LOOK = _(
    "Compare the order's page with Stripe's: somebody has changed the database, or the keys are another account's."
)
_MISMATCH = _(
    "The payment does not pay the order. If the order was changed here, restore it from a backup; else refund it."
)

ADVICE: dict[str, "_StrPromise"] = {
    Kind.PAYMENT_DIFFERS: _LOOK,
    Kind.PAYMENT_NOT_AT_STRIPE: _LOOK,
    Kind.PAYMENT_DOUBLED: _("It is refunded automatically. Check that the refund succeeded."),
    Kind.PAID_WITHOUT_ORDER: _(
        "Find the order in a backup, or refund the payment at Stripe. Were orders lost when a backup was restored?"
    ),
    Kind.AMOUNT_MISMATCH: _MISMATCH,
    Kind.CURRENCY_MISMATCH: _MISMATCH,
    Kind.MODE_MISMATCH: _("Check the keys and webhook secrets of this shop."),
    Kind.REFUND_FAILED: _("Ask the customer for another way, refund again, and mark it as dealt with."),
    Kind.REFUND_WITHOUT_PAYMENT: _("Check the refund at Stripe."),
    Kind.INVOICE_DIFFERS: _("The invoice is right and frozen. Restore the order's lines from a backup."),
    Kind.BALANCE_DIFFERS: _LOOK,
    Kind.PAYOUT_DOES_NOT_ADD_UP: _("Check the payout at Stripe; a transaction is missing here or there."),
    Kind.PAYOUT_FAILED: _("Correct the bank account at Stripe, and mark it as dealt with."),
    Kind.FRAUD_WARNING: _("Refund the payment before it is disputed, or do not deliver; then mark it as dealt with."),
    Kind.NOT_OURS: _("Nothing: it was sold elsewhere on the same account."),
    Kind.MALFORMED: _("Look at it at Stripe, and compare the webhook endpoint's API version with ours."),
    Kind.NOT_MERGED: _("Read the error in the log of the command, and run it again."),
    Kind.UNDECIDED: _("Decide in the admin, and mark it as dealt with."),
}


def report(run: Reconciliation) -> dict[str, Any]:
    """``ok``, the differences, what is not ours, what waits for staff, and sums of the window's balance transactions.

    Amounts are in our minor units; in ``balance``, ``balance_not_ours``, ``money_without_order`` and ``not_ours``, in
    Stripe's.
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


def advice(kind: str, *, repaired: bool) -> str:
    """What to do, in the active language. Empty for a repaired difference."""
    return "" if repaired else str(ADVICE.get(kind, _REPAIR))


def _difference(row: Difference) -> dict[str, Any]:
    names = ("kind", "object_id", "order_number", "problem", "repaired")
    return {name: getattr(row, name) for name in names} | {"advice": advice(row.kind, repaired=row.repaired)}


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
            "problem": held_difference(row)["problem"],
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
