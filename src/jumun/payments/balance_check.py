"""Invariant I5: what we hold to be captured, refunded and lost is what Stripe's balance transactions say, to the unit.

Each charge, refund and dispute is compared with the movements that name it as their source; if all of these agree, so
does their sum. Movements that are not known here yet are for the reconciliation to find, and those that Stripe
converted into another currency can only be compared there: neither is told here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from jumun import money
from jumun.payments.amount_text import amount_text, stripe_amount_text
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, Refund

# The subject and what is wrong with it.
Wrong = Iterator[tuple[str, str]]
# The same with the number of the order in between.
WrongOfOrder = Iterator[tuple[str, str, str]]

STANDING = (Refund.Status.PENDING, Refund.Status.SUCCEEDED)
VOID = (Refund.Status.FAILED, Refund.Status.CANCELED)
TAKEN = (
    *(Dispute.Status.NEEDS_RESPONSE, Dispute.Status.UNDER_REVIEW, Dispute.Status.LOST),
    *(Dispute.Status.APPEAL_NEEDS_RESPONSE, Dispute.Status.APPEAL_UNDER_REVIEW),
)

# A movement names its source by Stripe's id, which no foreign key can say; and a join is a tenth of a million lookups.
MOVED = """
    SELECT rows.{name}, rows.amount_minor, moved.sum_minor, rows.currency
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


def movements_that_differ(since: datetime = LONG_AGO) -> WrongOfOrder:
    """Charges, refunds and disputes made from ``since`` on that moved another sum than they should have."""
    for moved in _differing(Payment, (Payment.Status.PAID,), since, should_move=1):
        yield moved.name, moved.order_number, f"captured {moved.amount_text}, but {moved.moved_text}"
    for moved in _differing(Refund, STANDING, since, should_move=-1):
        yield moved.name, moved.order_number, f"refunded {moved.amount_text}, but {moved.moved_text}"
    # One movement alone: that which gives the money back is not known yet.
    for moved in _differing(Refund, VOID, since, should_move=0, at_least=2):
        problem = f"the refund of {moved.amount_text} came to nothing, but {moved.moved_text}"
        yield moved.name, moved.order_number, problem
    for moved in _differing(Dispute, TAKEN, since, should_move=-1):
        yield moved.name, moved.order_number, f"takes {moved.amount_text}, but {moved.moved_text}"
    for moved in _differing(Dispute, (Dispute.Status.WON,), since, should_move=0, at_least=2):
        problem = f"the dispute over {moved.amount_text} was won, but {moved.moved_text}"
        yield moved.name, moved.order_number, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    """A charge, refund or dispute and what it did to the balance, in Stripe's minor units."""

    name: str
    order_number: str
    amount_minor: int
    moved: int
    currency: str

    @property
    def amount_text(self) -> str:
        return amount_text(self.amount_minor, self.currency)

    @property
    def moved_text(self) -> str:
        return f"Stripe's balance moved by {stripe_amount_text(self.moved, self.currency)}"


# How each is called, what its movements name, and when it was.
_COLUMNS: dict[type[models.Model], tuple[str, str, str]] = {
    Payment: ("payment_intent_id", "charge_id", "paid_at"),
    Refund: ("refund_id", "refund_id", "created_at"),
    Dispute: ("dispute_id", "dispute_id", "opened_at"),
}


def _differing(
    model: type[models.Model], statuses: Iterable[str], since: datetime, *, should_move: int, at_least: int = 1
) -> list[_Moved]:
    """Rows that should have moved so many times their amount, and moved another sum.

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
        found = cursor.fetchall()
    order = "order__number" if model is Payment else "payment__order__number"
    names = [row[0] for row in found]
    numbers = dict(model._default_manager.filter(**{f"{name}__in": names}).values_list(name, order))
    return [
        _Moved(
            name=str(name), order_number=numbers[name], amount_minor=int(amount), moved=int(moved), currency=currency
        )
        for name, amount, moved, currency in found
    ]


def nets_that_differ() -> Wrong:
    """``net = amount - fee``, always (API reference, "The Balance Transaction object")."""
    wrong = BalanceTransaction.objects.exclude(net_minor=F("amount_minor") - F("fee_minor"))
    for transaction_id in wrong.order_by().values_list("transaction_id", flat=True).iterator():
        yield transaction_id, "its net is not its amount without its fee"


def payouts_that_do_not_add_up() -> Wrong:
    """Payouts of which all transactions are known, and these are not what arrived at the bank."""
    own = Q(source_id=OuterRef("payout_id"))
    transactions = BalanceTransaction.objects.filter(~own, payout_id=OuterRef("payout_id"))
    summed = transactions.order_by().values("payout_id").annotate(sum=Sum("net_minor")).values("sum")
    itemised = Payout.objects.filter(is_itemised=True).annotate(sum=Coalesce(Subquery(summed), 0))
    for payout in itemised.exclude(sum=F("amount_minor")).iterator():
        paid = stripe_amount_text(payout.amount_minor, payout.currency)
        made_of = stripe_amount_text(payout.itemised_minor, payout.currency)
        problem = f"pays out {paid}, but its transactions add up to {made_of}"
        yield payout.payout_id, problem
