from collections.abc import Iterator

from django.db.models import Case, Count, Exists, F, OuterRef, Subquery, When
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from jumun import money
from jumun.audit import invariant, shown
from jumun.orders.models import TimelineEntry
from jumun.orders.timeline import Kind
from jumun.payments.audits.remedies import UNFOUNDED_REMEDY
from jumun.payments.models import BalanceTransaction, Dispute


@invariant("I5", remedy=UNFOUNDED_REMEDY)
def disputes_match_their_payment_and_timeline() -> Iterator[tuple[str, str]]:
    """A dispute has the currency of its payment and the outcome that the timeline records."""
    disputes = Dispute.objects.order_by().select_related("payment__order")
    for dispute in disputes.exclude(currency=F("payment__currency")).iterator():
        yield (
            dispute.dispute_id,
            _("is over %(amount)s, but its payment %(payment)s over %(paid)s")
            % {
                "amount": shown(dispute.amount_minor, dispute.currency),
                "payment": dispute.payment,
                "paid": shown(dispute.payment.amount_minor, dispute.payment.currency),
            },
        )
    for dispute in disputes.filter(~_recorded(Kind.DISPUTE_OPENED)).iterator():
        order = {"order": dispute.payment.order.number}
        yield dispute.dispute_id, _("is not in the timeline of order %(order)s") % order
    for status, kind in Dispute.RECORDED.items():
        for dispute in disputes.filter(~_recorded(kind), status=status).iterator():
            words = {"status": dispute.get_status_display(), "order": dispute.payment.order.number}
            problem = _("is %(status)s, but the timeline of order %(order)s does not say so") % words
            yield dispute.dispute_id, problem


def _recorded(kind: Kind) -> Exists:
    entries = TimelineEntry.objects.filter(order=OuterRef("payment__order"), kind=kind)
    return Exists(entries.annotate(named=KeyTextTransform("dispute", "details")).filter(named=OuterRef("dispute_id")))


@invariant("I5", remedy=UNFOUNDED_REMEDY)
def disputes_moved_the_balance_as_they_say() -> Iterator[tuple[str, str]]:
    """Of a dispute with known movements, one is its whole amount, and there are as many as it counts."""
    known = BalanceTransaction.objects.filter(source_id=OuterRef("dispute_id"), currency=OuterRef("currency"))
    whole = Case(When(currency__in=money.WHOLE_IN_HUNDREDTHS, then=100), default=1) * F("amount_minor")
    disputed = Dispute.objects.order_by().annotate(whole=whole).filter(Exists(known))
    for dispute in disputed.filter(~Exists(known.filter(amount_minor=-OuterRef("whole")))).iterator():
        amount = {"amount": shown(dispute.amount_minor, dispute.currency)}
        yield str(dispute), _("is over %(amount)s, but no movement of Stripe's balance is") % amount
    moved = BalanceTransaction.objects.filter(source_id=OuterRef("dispute_id")).order_by().values("source_id")
    counted = Dispute.objects.order_by().annotate(known=Subquery(moved.annotate(count=Count("pk")).values("count")))
    for row in counted.exclude(known=None).exclude(known=F("transaction_count")).iterator():
        counts = {"count": row.transaction_count, "known": row.known}
        yield str(row), _("moved money %(count)s times, but %(known)s movements are known") % counts
