"""Invariant I5: what we hold to be captured, refunded and lost is what Stripe's balance transactions say, to the unit.

Each charge, refund and dispute is compared with the movements that name it as their source; if all of these agree, so
does their sum. Movements that are not known here yet are for the reconciliation to find, and those that Stripe
converted into another currency can only be compared there: neither is told here.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from jumun import money
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, Refund

# The subject and what is wrong with it.
Wrong = Iterator[tuple[str, str]]

STANDING = (Refund.Status.PENDING, Refund.Status.SUCCEEDED)
VOID = (Refund.Status.FAILED, Refund.Status.CANCELED)
TAKEN = (
    *(Dispute.Status.NEEDS_RESPONSE, Dispute.Status.UNDER_REVIEW, Dispute.Status.LOST),
    *(Dispute.Status.APPEAL_NEEDS_RESPONSE, Dispute.Status.APPEAL_UNDER_REVIEW),
)

# A movement names its source by Stripe's id, which no foreign key can say; and a join is a tenth of a million lookups.
MOVED = """
    SELECT rows.{name}, rows.amount_minor, moved.sum_minor
    FROM (
        SELECT source_id, currency, SUM(amount_minor) AS sum_minor, COUNT(*) AS count
        FROM {transactions}
        WHERE source_id IN (SELECT {source} FROM {table} WHERE {wanted})
        GROUP BY source_id, currency
    ) AS moved
    JOIN {table} AS rows ON rows.{source} = moved.source_id AND rows.currency = moved.currency
    WHERE {wanted} AND moved.count >= %s AND moved.sum_minor <> %s * {scale} * rows.amount_minor
"""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def movements_that_differ(since: datetime = LONG_AGO) -> Wrong:
    """Charges, refunds and disputes made from ``since`` on that moved another sum than they should have."""
    for name, amount, moved in _differing(Payment, (Payment.Status.PAID,), since, should_move=1):
        yield name, f"captured {amount}, but Stripe's balance moved by {moved}"
    for name, amount, moved in _differing(Refund, STANDING, since, should_move=-1):
        yield name, f"refunded {amount}, but Stripe's balance moved by {moved}"
    # One movement alone: that which gives the money back is not known yet.
    for name, _amount, moved in _differing(Refund, VOID, since, should_move=0, at_least=2):
        yield name, f"refunded nothing in the end, but Stripe's balance moved by {moved}"
    for name, amount, moved in _differing(Dispute, TAKEN, since, should_move=-1):
        yield name, f"takes {amount}, but Stripe's balance moved by {moved}"
    for name, _amount, moved in _differing(Dispute, (Dispute.Status.WON,), since, should_move=0, at_least=2):
        yield name, f"was won, but Stripe's balance moved by {moved}"


# How each is called, what its movements name, and when it was.
_COLUMNS: dict[type[models.Model], tuple[str, str, str]] = {
    Payment: ("payment_intent_id", "charge_id", "paid_at"),
    Refund: ("refund_id", "refund_id", "created_at"),
    Dispute: ("dispute_id", "dispute_id", "opened_at"),
}


def _differing(
    model: type[models.Model], statuses: Iterable[str], since: datetime, *, should_move: int, at_least: int = 1
) -> list[tuple[str, int, int]]:
    """Name, amount and movement of rows that should have moved so many times their amount, and moved another sum.

    Only those of which ``at_least`` so many movements are known, all in their own currency.
    """
    name, source, at = _COLUMNS[model]
    hundredfold = sorted(money.WHOLE_IN_HUNDREDTHS)
    wanted = [*statuses, connection.ops.adapt_datetimefield_value(since)]
    sql = MOVED.format(
        name=name,
        source=source,
        table=model._meta.db_table,
        transactions=BalanceTransaction._meta.db_table,
        scale=f"(CASE WHEN rows.currency IN ({', '.join(['%s'] * len(hundredfold))}) THEN 100 ELSE 1 END)",
        wanted=f"status IN ({', '.join(['%s'] * (len(wanted) - 1))}) AND {at} >= %s",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*wanted, *wanted, at_least, should_move, *hundredfold])
        return [(str(name), int(amount), int(moved)) for name, amount, moved in cursor.fetchall()]


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
        problem = f"pays out {payout.amount_minor}, but its transactions add up to {payout.itemised_minor}"
        yield payout.payout_id, problem
