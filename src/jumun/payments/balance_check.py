"""Invariant I5: what we hold to be captured, refunded and lost is what Stripe's balance transactions say, to the unit.

Each charge, refund and dispute is compared with the movements that name it as their source; if all of these agree, so
does their sum. Movements that are not known here yet are for the reconciliation to find, and those that Stripe
converted into another currency can only be compared there: neither is told here.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, Refund

# The subject and what is wrong with it.
Wrong = Iterator[tuple[str, str]]

STANDING = Q(status__in=[Refund.Status.PENDING, Refund.Status.SUCCEEDED])
VOID = Q(status__in=[Refund.Status.FAILED, Refund.Status.CANCELED])
TAKEN = Q(
    status__in=[
        *(Dispute.Status.NEEDS_RESPONSE, Dispute.Status.UNDER_REVIEW, Dispute.Status.LOST),
        *(Dispute.Status.APPEAL_NEEDS_RESPONSE, Dispute.Status.APPEAL_UNDER_REVIEW),
    ]
)


def movements_that_differ(since: datetime | None = None) -> Wrong:
    """Charges, refunds and disputes made from ``since`` on, or all, that moved another sum than they should have."""
    payments, refunds, disputes = Payment.objects.all(), Refund.objects.all(), Dispute.objects.all()
    if since is not None:
        payments = payments.filter(paid_at__gte=since)
        refunds, disputes = refunds.filter(created_at__gte=since), disputes.filter(opened_at__gte=since)
    paid = payments.filter(status=Payment.Status.PAID)
    for payment, amount, moved in _differing(paid, "charge_id", "payment_intent_id", should_move=F("amount_minor")):
        yield payment, f"captured {amount}, but Stripe's balance moved by {moved}"
    yield from _refunds(refunds)
    yield from _disputes(disputes)


def _refunds(refunds: QuerySet[Refund]) -> Wrong:
    for refund_id, amount, moved in _differing(refunds.filter(STANDING), "refund_id", should_move=-F("amount_minor")):
        yield refund_id, f"refunded {amount}, but Stripe's balance moved by {moved}"
    # One movement alone: that which gives the money back is not known yet.
    for refund_id, _amount, moved in _differing(refunds.filter(VOID), "refund_id", should_move=Value(0), at_least=2):
        yield refund_id, f"refunded nothing in the end, but Stripe's balance moved by {moved}"


def _disputes(disputes: QuerySet[Dispute]) -> Wrong:
    for dispute_id, amount, moved in _differing(disputes.filter(TAKEN), "dispute_id", should_move=-F("amount_minor")):
        yield dispute_id, f"takes {amount}, but Stripe's balance moved by {moved}"
    won = disputes.filter(status=Dispute.Status.WON)
    for dispute_id, _amount, moved in _differing(won, "dispute_id", should_move=Value(0), at_least=2):
        yield dispute_id, f"was won, but Stripe's balance moved by {moved}"


def _differing(
    rows: QuerySet[Any], source: str, name: str = "", *, should_move: Combinable, at_least: int = 1
) -> Iterator[tuple[str, int, int]]:
    """Name, amount and movement of each row of which so many movements are known, all in its own currency."""
    movements = BalanceTransaction.objects.filter(source_id=OuterRef(source), currency=OuterRef("currency"))
    summed = movements.order_by().values("source_id").annotate(moved=Sum("amount_minor"), count=Count("pk"))
    known = rows.annotate(moved=Subquery(summed.filter(count__gte=at_least).values("moved")))
    # Not by exclude(), which would also let through what is not known.
    wrong = known.filter(Q(moved__lt=should_move) | Q(moved__gt=should_move))
    yield from wrong.order_by().values_list(name or source, "amount_minor", "moved").iterator()


def nets_that_differ() -> Wrong:
    """``net = amount - fee``, always (API reference, "The Balance Transaction object")."""
    wrong = BalanceTransaction.objects.exclude(net_minor=F("amount_minor") - F("fee_minor"))
    for transaction_id in wrong.order_by().values_list("transaction_id", flat=True).iterator():
        yield transaction_id, "its net is not its amount without its fee"


def payouts_that_do_not_add_up() -> Wrong:
    """Payouts of which all transactions are known, and these are not what arrived at the bank."""
    own = Q(source_id=OuterRef("payout_id"))
    made_of = BalanceTransaction.objects.filter(~own, payout_id=OuterRef("payout_id"))
    summed = made_of.order_by().values("payout_id").annotate(sum=Sum("net_minor")).values("sum")
    itemised = Payout.objects.filter(is_itemised=True).annotate(sum=Coalesce(Subquery(summed), 0))
    for payout in itemised.exclude(sum=F("amount_minor")).iterator():
        yield (
            payout.payout_id,
            f"pays out {payout.amount_minor}, but its transactions add up to {payout.itemised_minor}",
        )
