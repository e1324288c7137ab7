"""Invariant I5: what our books say was captured, refunded and lost is what Stripe's balance transactions say.

Each charge, refund and dispute is compared with the movements that name it as their source; if all agree, so does their
sum. Not compared here: movements that reconciliation has yet to find, and those in another currency, which Stripe
converted.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.db import connection, models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from jumun import money
from jumun.audit import invariant, shown, shown_by_stripe
from jumun.payments.audits.remedies import RECONCILE_REMEDY
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, Refund

# The subject, and what is wrong.
Wrong = Iterator[tuple[str, str]]
# The subject, the number of its order, and what is wrong.
WrongOfOrder = Iterator[tuple[str, str, str]]

STANDING = (Refund.Status.PENDING, Refund.Status.SUCCEEDED)
VOID = (Refund.Status.FAILED, Refund.Status.CANCELED)
TAKEN = (
    *(Dispute.Status.NEEDS_RESPONSE, Dispute.Status.UNDER_REVIEW, Dispute.Status.LOST),
    *(Dispute.Status.APPEAL_NEEDS_RESPONSE, Dispute.Status.APPEAL_UNDER_REVIEW),
)

# A movement names its source by Stripe's id, so the ORM has no foreign key to join by. The join takes a tenth
# of the time of a million lookups.
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


@invariant("I5", remedy=RECONCILE_REMEDY)
def movements_match_our_books() -> Wrong:
    """Known movements of a charge, refund or dispute sum up to its amount."""
    for subject, _number, problem in movements_that_differ():
        yield subject, problem


def movements_that_differ(since: datetime = LONG_AGO) -> WrongOfOrder:
    """Charges, refunds and disputes made from ``since`` on whose movements sum up to another amount."""
    paid, won = (Payment.Status.PAID,), (Dispute.Status.WON,)
    # The model, its statuses, how many times its amount should have moved, and how many movements must be known: after
    # one alone, the one that returns the money may be missing.
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
        for name, words in _differing(model, statuses, since, should_move=should_move, at_least=at_least):
            yield name, words["order"], problem % words


# Its name, the source of its movements, its time and the number of its order.
_COLUMNS: dict[type[models.Model], tuple[str, str, str, str]] = {
    Payment: ("payment_intent_id", "charge_id", "paid_at", "order__number"),
    Refund: ("refund_id", "refund_id", "created_at", "payment__order__number"),
    Dispute: ("dispute_id", "dispute_id", "opened_at", "payment__order__number"),
}


def _differing(
    model: type[models.Model], statuses: Iterable[str], since: datetime, *, should_move: int, at_least: int
) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows that have at least ``at_least`` movements in their own currency, which do not sum up to ``should_move``
    times their amount: the name of each, and the words for its problem.
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


@invariant("I5", remedy=RECONCILE_REMEDY)
def nets_are_amount_less_fee() -> Wrong:
    """``net = amount - fee``, always (API reference, "The Balance Transaction object")."""
    wrong = BalanceTransaction.objects.exclude(net_minor=F("amount_minor") - F("fee_minor")).order_by()
    for row in wrong.iterator():
        amounts = {"amount": row.amount_minor, "fee": row.fee_minor, "net": row.net_minor}
        words = {name: shown_by_stripe(value, row.currency) for name, value in amounts.items()}
        yield row.transaction_id, _("moved %(amount)s with a fee of %(fee)s, but its net amount is %(net)s") % words


_GROUPS = (
    *(BalanceTransaction.CAPTURED, BalanceTransaction.REFUNDED),
    *(BalanceTransaction.DISPUTED, BalanceTransaction.PAYOUT),
)
# By type (docs.stripe.com/reports/reporting-categories). Stripe adds to both: an unknown word proves nothing.
_OF_TYPE = {
    **dict.fromkeys(("charge", "payment"), BalanceTransaction.CAPTURED),
    **dict.fromkeys(("refund", "payment_refund"), BalanceTransaction.REFUNDED),
    "payout": BalanceTransaction.PAYOUT,
}


@invariant("I5", remedy=RECONCILE_REMEDY)
def categories_match_type_and_source() -> Wrong:
    """A movement has a reporting category of its type and of its source."""
    for kind, categories in _OF_TYPE.items():
        wrong = BalanceTransaction.objects.filter(type=kind, reporting_category__in=_others(categories)).order_by()
        for key in wrong.values_list("transaction_id", flat=True).iterator():
            yield key, _("has a category that does not match its type")
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
            yield str(key), _("moved Stripe's balance under another category")


def _others(categories: tuple[str, ...]) -> list[str]:
    return [category for group in _GROUPS for category in group if group != categories]


@invariant("I5", remedy=RECONCILE_REMEDY)
def payouts_that_do_not_add_up() -> Wrong:
    """Payouts whose transactions are all known, and sum up to another amount than the bank received."""
    own = Q(source_id=OuterRef("payout_id"))
    made_of = BalanceTransaction.objects.filter(~own, payout_id=OuterRef("payout_id"))
    summed = made_of.order_by().values("payout_id").annotate(sum=Sum("net_minor")).values("sum")
    itemised = Payout.objects.filter(is_itemised=True).annotate(sum=Coalesce(Subquery(summed), 0))
    for payout in itemised.exclude(sum=F("amount_minor")).iterator():
        amounts = {"amount": payout.amount_minor, "sum": payout.itemised_minor}
        words = {name: shown_by_stripe(value, payout.currency) for name, value in amounts.items()}
        yield payout.payout_id, _("pays out %(amount)s, but its transactions add up to %(sum)s") % words


@invariant("I5", remedy=RECONCILE_REMEDY)
def payouts_match_their_transactions() -> Wrong:
    """A payout is what its own movement and its transactions say."""
    parts = BalanceTransaction.objects.filter(payout_id=OuterRef("payout_id"))
    payouts = Payout.objects.order_by()
    wrong = {
        _("has transactions, but does not say that all of them are known"): Q(is_itemised=False) & Exists(parts),
        _("is a manual payout, but has transactions"): Q(is_itemised=True, automatic=False),
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
        words = {
            "amount": shown_by_stripe(payout.amount_minor, payout.currency),
            "status": payout.get_status_display(),
            "moved": shown_by_stripe(payout.moved, payout.currency),
        }
        yield payout.payout_id, _("is over %(amount)s and %(status)s, but moved Stripe's balance by %(moved)s") % words


def _of_other_mode(parts: models.QuerySet[BalanceTransaction]) -> models.QuerySet[BalanceTransaction]:
    payment = Payment.objects.filter(charge_id=OuterRef("source_id"))
    return parts.filter(Exists(payment.exclude(livemode=OuterRef(OuterRef("livemode")))))
