"""Sums of Stripe's balance transactions."""

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from jumun.orders.models import Order
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Refund

# In Stripe's minor units. Money that left the balance is negative, but a fee is positive.
Sums = dict[str, int]
NAMES = ("captured_minor", "refunded_minor", "disputed_minor", "other_minor", "fee_minor", "net_minor")

_CAPTURED = Q(reporting_category__in=BalanceTransaction.CAPTURED)
_REFUNDED = Q(reporting_category__in=BalanceTransaction.REFUNDED)
_DISPUTED = Q(reporting_category__in=BalanceTransaction.DISPUTED)
_PAYOUT = Q(reporting_category__in=BalanceTransaction.PAYOUT)


def sums_by_currency(transactions: QuerySet[BalanceTransaction]) -> dict[str, Sums]:
    """The sums by currency of the balance. Payouts are left out: they only move the balance to the bank."""
    rows = (
        transactions.exclude(_PAYOUT)
        .order_by("currency")
        .values("currency")
        .annotate(
            captured_minor=Sum("amount_minor", filter=_CAPTURED, default=0),
            refunded_minor=Sum("amount_minor", filter=_REFUNDED, default=0),
            disputed_minor=Sum("amount_minor", filter=_DISPUTED, default=0),
            other_minor=Sum("amount_minor", filter=~(_CAPTURED | _REFUNDED | _DISPUTED), default=0),
            fee_minor=Sum("fee_minor"),
            net_minor=Sum("net_minor"),
        )
    )
    return {str(row["currency"]): {name: row[name] for name in NAMES} for row in rows}  # type: ignore[literal-required]


def transactions_of(order: Order) -> QuerySet[BalanceTransaction]:
    """The balance transactions of the payments, refunds and disputes of ``order``."""
    payments = Payment.objects.filter(order=order).exclude(charge_id=None).order_by()
    refunds = Refund.objects.filter(payment__order=order).exclude(refund_id=None).order_by()
    disputes = Dispute.objects.filter(payment__order=order).order_by()
    sources = payments.values_list("charge_id", flat=True).union(
        refunds.values_list("refund_id", flat=True), disputes.values_list("dispute_id", flat=True)
    )
    # Django 6.1 gives a union the ordering of its first model again.
    sources = sources.order_by()
    # A list, not a subquery: the index then finds each of the few.
    return BalanceTransaction.objects.filter(source_id__in=list(sources))


def ours(transactions: QuerySet[BalanceTransaction]) -> QuerySet[BalanceTransaction]:
    """The transactions of charges, refunds and disputes of our payments."""
    return transactions.filter(_is_ours())


def others(transactions: QuerySet[BalanceTransaction]) -> QuerySet[BalanceTransaction]:
    """The transactions of other sales on the same account, and fees of no particular payment."""
    return transactions.exclude(_is_ours())


def _is_ours() -> Q:
    source = OuterRef("source_id")
    return Q(
        Exists(Payment.objects.filter(charge_id=source))
        | Exists(Refund.objects.filter(refund_id=source))
        | Exists(Dispute.objects.filter(dispute_id=source))
    )
