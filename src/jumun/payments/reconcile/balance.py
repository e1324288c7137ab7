"""Invariant I5: what we hold to be captured, refunded and lost is what Stripe's balance transactions say, to the unit.

Each charge, refund and dispute is compared with the movements that name it as their source; if all of these agree, so
does their sum. Movements that are not known here yet are for the reconciliation to find, and those that Stripe
converted into another currency can only be compared there: neither is told here.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.db import connection, models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from jumun import money
from jumun.audit import shown, shown_by_stripe
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, Refund

# The subject and what is wrong with it.
Wrong = Iterator[tuple[str, str]]
# The subject, the number of its order, and what is wrong.
WrongOfOrder = Iterator[tuple[str, str, str]]

STANDING = (Refund.Status.PENDING, Refund.Status.SUCCEEDED)
VOID = (Refund.Status.FAILED, Refund.Status.CANCELED)
TAKEN = (
    *(Dispute.Status.NEEDS_RESPONSE, Dispute.Status.UNDER_REVIEW, Dispute.Status.LOST),
    *(Dispute.Status.APPEAL_NEEDS_RESPONSE, Dispute.Status.APPEAL_UNDER_REVIEW),
)

# A movement names its source by Stripe's id, which no foreign key can say; and a join is a tenth of a million lookups.
MOVED = """
    SELECT rows.{name}, rows.currency, rows.amount_minor, moved.sum_minor
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
    paid, won = (Payment.Status.PAID,), (Dispute.Status.WON,)
    # What it is, in which states, how many times its amount it should have moved, after how many movements at least:
    # while there is one alone, that which gives the money back is not known yet.
    compared: list[tuple[type[models.Model], Iterable[str], int, int, str]] = [
        (Payment, paid, 1, 1, _("captured %(amount)s for order %(order)s, but Stripe's balance moved by %(moved)s")),
        (Refund, STANDING, -1, 1, _("refunded %(amount)s of order %(order)s, but Stripe's balance moved by %(moved)s")),
        (
            *(Refund, VOID, 0, 2),
            _("refunded nothing of order %(order)s in the end, but Stripe's balance moved by %(moved)s"),
        ),
        (Dispute, TAKEN, -1, 1, _("takes %(amount)s of order %(order)s, but Stripe's balance moved by %(moved)s")),
        (Dispute, won, 0, 2, _("was won for order %(order)s, but Stripe's balance moved by %(moved)s")),
    ]
    for model, statuses, should_move, at_least, problem in compared:
        for name, told in _differing(model, statuses, since, should_move=should_move, at_least=at_least):
            yield name, told["order"], problem % told


# How each is called, what its movements name, when it was, and whose it is.
_COLUMNS: dict[type[models.Model], tuple[str, str, str, str]] = {
    Payment: ("payment_intent_id", "charge_id", "paid_at", "order__number"),
    Refund: ("refund_id", "refund_id", "created_at", "payment__order__number"),
    Dispute: ("dispute_id", "dispute_id", "opened_at", "payment__order__number"),
}


def _differing(
    model: type[models.Model], statuses: Iterable[str], since: datetime, *, should_move: int, at_least: int
) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows that should have moved so many times their amount, and moved another sum: their names, and what to tell.

    Only those of which ``at_least`` so many movements are known, all in their own currency.
    """
    name, source, at, order = _COLUMNS[model]
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
        differing = cursor.fetchall()
    rows = model._default_manager.filter(**{f"{name}__in": [row[0] for row in differing]})
    numbers = dict(rows.values_list(name, order))
    for key, currency, amount_minor, moved in differing:
        yield (
            str(key),
            {
                "amount": shown(int(amount_minor), currency),
                "moved": shown_by_stripe(int(moved), currency),
                "order": numbers[key],
            },
        )


def nets_that_differ() -> Wrong:
    """``net = amount - fee``, always (API reference, "The Balance Transaction object")."""
    wrong = BalanceTransaction.objects.exclude(net_minor=F("amount_minor") - F("fee_minor")).order_by()
    for row in wrong.iterator():
        amounts = {"amount": row.amount_minor, "fee": row.fee_minor, "net": row.net_minor}
        told = {name: shown_by_stripe(value, row.currency) for name, value in amounts.items()}
        yield row.transaction_id, _("moved %(amount)s with a fee of %(fee)s, but %(net)s are said to be left") % told


_GROUPS = (
    *(BalanceTransaction.CAPTURED, BalanceTransaction.REFUNDED),
    *(BalanceTransaction.DISPUTED, BalanceTransaction.PAYOUT),
)
# What Stripe puts them into, by type (docs.stripe.com/reports/reporting-categories). Other types and categories come
# and go: of a word that is not known here nothing follows.
_OF_TYPE = {
    **dict.fromkeys(("charge", "payment"), BalanceTransaction.CAPTURED),
    **dict.fromkeys(("refund", "payment_refund"), BalanceTransaction.REFUNDED),
    "payout": BalanceTransaction.PAYOUT,
}


def categories_that_differ() -> Wrong:
    """Movements that are said to be something else than their type and their source are."""
    for kind, categories in _OF_TYPE.items():
        wrong = BalanceTransaction.objects.filter(type=kind, reporting_category__in=_others(categories)).order_by()
        for key in wrong.values_list("transaction_id", flat=True).iterator():
            yield key, _("has a category that is not that of its type")
    for model, categories in (
        (Payment, BalanceTransaction.CAPTURED),
        (Refund, BalanceTransaction.REFUNDED),
        (Dispute, BalanceTransaction.DISPUTED),
    ):
        name, source, _at, _order = _COLUMNS[model]
        moved = BalanceTransaction.objects.filter(source_id=OuterRef(source))
        is_other = Exists(moved.filter(reporting_category__in=_others(categories)))
        other = model._default_manager.filter(is_other, ~Exists(moved.filter(reporting_category__in=categories)))
        for key in other.order_by().values_list(name, flat=True).iterator():
            yield str(key), _("has moved Stripe's balance as something else")


def _others(categories: tuple[str, ...]) -> list[str]:
    return [category for group in _GROUPS for category in group if group != categories]


def disputes_that_moved_otherwise() -> Wrong:
    """Disputes whose money moved more or less often than they say, or never by what was disputed, where any movement
    is known.
    """
    known = BalanceTransaction.objects.filter(source_id=OuterRef("dispute_id"), currency=OuterRef("currency"))
    whole = Case(When(currency__in=money.WHOLE_IN_HUNDREDTHS, then=100), default=1) * F("amount_minor")
    disputed = Dispute.objects.order_by().annotate(whole=whole).filter(Exists(known))
    for dispute in disputed.filter(~Exists(known.filter(amount_minor=-OuterRef("whole")))).iterator():
        amount = {"amount": shown(dispute.amount_minor, dispute.currency)}
        yield str(dispute), _("is over %(amount)s, but no movement of Stripe's balance is") % amount
    moved = BalanceTransaction.objects.filter(source_id=OuterRef("dispute_id")).order_by().values("source_id")
    counted = Dispute.objects.order_by().annotate(known=Subquery(moved.annotate(count=Count("pk")).values("count")))
    for row in counted.exclude(known=None).exclude(known=F("transaction_count")).iterator():
        told = {"count": row.transaction_count, "known": row.known}
        yield str(row), _("moved money %(count)s times, but %(known)s movements are known") % told


def payouts_that_do_not_add_up() -> Wrong:
    """Payouts of which all transactions are known, and these are not what arrived at the bank."""
    own = Q(source_id=OuterRef("payout_id"))
    made_of = BalanceTransaction.objects.filter(~own, payout_id=OuterRef("payout_id"))
    summed = made_of.order_by().values("payout_id").annotate(sum=Sum("net_minor")).values("sum")
    itemised = Payout.objects.filter(is_itemised=True).annotate(sum=Coalesce(Subquery(summed), 0))
    for payout in itemised.exclude(sum=F("amount_minor")).iterator():
        amounts = {"amount": payout.amount_minor, "sum": payout.itemised_minor}
        told = {name: shown_by_stripe(value, payout.currency) for name, value in amounts.items()}
        yield payout.payout_id, _("pays out %(amount)s, but its transactions add up to %(sum)s") % told


def payouts_that_contradict_their_transactions() -> Wrong:
    """Payouts that are not what their own movement and the transactions in them say."""
    parts = BalanceTransaction.objects.filter(payout_id=OuterRef("payout_id"))
    payouts = Payout.objects.order_by()
    wrong = {
        _("has transactions, but does not say that all of them are known"): Q(is_itemised=False) & Exists(parts),
        _("has transactions, which a payout made by hand has not"): Q(is_itemised=True, automatic=False),
        _("has transactions in another currency"): Exists(parts.exclude(currency=OuterRef("currency"))),
        _("has transactions of the other mode, test or live"): Exists(_of_other_mode(parts)),
    }
    for problem, condition in wrong.items():
        for payout_id in payouts.filter(condition).values_list("payout_id", flat=True).iterator():
            yield payout_id, problem
    unknown = BalanceTransaction.objects.exclude(payout_id="").filter(
        ~Exists(Payout.objects.filter(payout_id=OuterRef("payout_id")))
    )
    for key, payout_id in unknown.order_by().values_list("transaction_id", "payout_id").iterator():
        yield key, _("is part of payout %(payout)s, which is not known") % {"payout": payout_id}
    moved = BalanceTransaction.objects.filter(source_id=OuterRef("payout_id")).order_by().values("source_id")
    returned = Q(status__in=(Payout.Status.CANCELED, Payout.Status.FAILED))
    differs = (~returned & ~Q(moved=-F("amount_minor"))) | (returned & Q(count__gt=1) & ~Q(moved=0))
    summed = payouts.annotate(
        moved=Subquery(moved.annotate(sum=Sum("amount_minor")).values("sum")),
        count=Subquery(moved.annotate(count=Count("pk")).values("count")),
    )
    for payout in summed.filter(differs, moved__isnull=False).iterator():
        told = {
            "amount": shown_by_stripe(payout.amount_minor, payout.currency),
            "status": payout.get_status_display(),
            "moved": shown_by_stripe(payout.moved, payout.currency),
        }
        yield payout.payout_id, _("is over %(amount)s and %(status)s, but moved Stripe's balance by %(moved)s") % told


def _of_other_mode(parts: models.QuerySet[BalanceTransaction]) -> models.QuerySet[BalanceTransaction]:
    payment = Payment.objects.filter(charge_id=OuterRef("source_id"))
    return parts.filter(Exists(payment.exclude(livemode=OuterRef(OuterRef("livemode")))))
