"""What the admin's first page tells: today, and what needs somebody's attention."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day, day_start, shop_time
from jumun.orders.models import Order
from jumun.outbox.lease import State
from jumun.outbox.models import Job
from jumun.outbox.status import LATE_S, oldest_due_at
from jumun.payments.models import (
    Difference,
    Dispute,
    InboxEvent,
    Payment,
    QuarantinedSnapshot,
    Reconciliation,
    Refund,
    WebhookReception,
)
from jumun.payments.webhooks.reception import paid_without_events

Reason = QuarantinedSnapshot.Reason

# How long it is told that a payment went back by itself.
TOLD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What some orders brought in one currency, in minor units, and what of it was refunded or lost since."""

    currency: str
    paid_minor: int
    refunded_minor: int
    # In disputes that were lost.
    lost_minor: int

    @property
    def net_minor(self) -> int:
        return self.paid_minor - self.refunded_minor - self.lost_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Orders placed since midnight in the shop's time zone, and what they brought, by currency."""

    placed_count: int
    paid_count: int
    unpaid_count: int
    takings: tuple[Takings, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that staff should look at, and where."""

    text: Promise | str
    count: int
    address: str


def today(now: datetime) -> Today:
    """Three queries."""
    midnight = day_start(business_day(now))
    paid, unpaid = Q(state=Order.State.PAID), Q(state=Order.State.PLACED)
    by_currency = Order.objects.filter(placed_at__gte=midnight).order_by("currency").values("currency")
    rows = by_currency.annotate(
        placed=Count("pk"),
        paid=Count("pk", filter=paid),
        unpaid=Count("pk", filter=unpaid),
        paid_minor=Sum("total_minor", filter=paid),
    )
    found = list(rows)
    refunded, lost = _refunded_since(midnight), _lost_since(midnight)
    return Today(
        placed_count=sum(row["placed"] for row in found),
        paid_count=sum(row["paid"] for row in found),
        unpaid_count=sum(row["unpaid"] for row in found),
        takings=tuple(
            Takings(
                currency=row["currency"],
                paid_minor=row["paid_minor"],
                refunded_minor=refunded.get(row["currency"], 0),
                lost_minor=lost.get(row["currency"], 0),
            )
            for row in found
            if row["paid_minor"]
        ),
    )


def _refunded_since(midnight: datetime) -> dict[str, int]:
    """What was refunded of the orders placed since then, by currency; what was paid beside an order counts nowhere."""
    refunds = Refund.objects.filter(
        payment__order__placed_at__gte=midnight, payment__settles_order=True, status=Refund.Status.SUCCEEDED
    )
    return dict(refunds.order_by("currency").values_list("currency").annotate(Sum("amount_minor")))


def _lost_since(midnight: datetime) -> dict[str, int]:
    """What the banks took of the same orders in disputes that were lost, by currency."""
    disputes = Dispute.objects.filter(
        payment__order__placed_at__gte=midnight, payment__settles_order=True, status=Dispute.Status.LOST
    )
    return dict(disputes.order_by("currency").values_list("currency").annotate(Sum("amount_minor")))


def _set_aside(site_name: str) -> list[Concern]:
    """What was set aside and waits, by what staff do about it. One query."""
    rows = QuarantinedSnapshot.objects.filter(resolved_at=None).order_by("reason").values_list("reason")
    counts = dict(rows.annotate(Count("pk")))
    special = {
        Reason.REFUND_FAILED: _("Refunds that failed"),
        Reason.PAYOUT_FAILED: _("Payouts that the bank returned"),
        Reason.FRAUD_WARNING: _("Payments that the card's issuer reports as fraud"),
    }
    groups = [(_("Payments that match no order"), [reason for reason in Reason.values if reason not in special])]
    groups += [(text, [reason]) for reason, text in special.items()]
    address = reverse("admin:jumun_payments_quarantinedsnapshot_changelist", current_app=site_name)
    return [
        Concern(
            text=text,
            count=sum(counts.get(reason, 0) for reason in reasons),
            address=f"{address}?resolved_at__isempty=1&reason__in={','.join(reasons)}",
        )
        for text, reasons in groups
    ]


def _returned(now: datetime, site_name: str) -> Concern:
    """What went back without anybody being asked: staff learn of it all the same."""
    settled = QuarantinedSnapshot.objects.filter(
        reason__in=Payment.AUTO_REFUNDED, resolved_by=None, resolved_at__gte=now - TOLD_FOR
    )
    reasons = ",".join(Payment.AUTO_REFUNDED)
    address = (
        reverse("admin:jumun_payments_quarantinedsnapshot_changelist", current_app=site_name) + f"?reason__in={reasons}"
    )
    return Concern(text=_("Payments that went back by themselves this week"), count=settled.count(), address=address)


def concerns(user: Any, site_name: str = "admin") -> list[Concern]:
    """What waits for staff, as far as ``user`` may see it; what is in order is not mentioned. One query each.

    ``site_name`` is that of the admin site whose pages are linked to.
    """
    found = []
    if user.has_perm("jumun_payments.view_quarantinedsnapshot"):
        found += _set_aside(site_name)
        found.append(_returned(timezone.now(), site_name))
    if user.has_perm("jumun_payments.view_dispute"):
        unanswered = Dispute.objects.filter(status__in=Dispute.NEEDS_ANSWER)
        due = unanswered.aggregate(count=Count("pk"), due_at=Min("due_at"))
        address = reverse("admin:jumun_payments_dispute_changelist", current_app=site_name) + "?todo=answer"
        found.append(Concern(text=_dispute_text(due["due_at"]), count=due["count"], address=address))
    if user.has_perm("jumun_payments.view_reconciliation"):
        found.extend(_unreconciled(site_name))
        found.extend(_brought_in(timezone.now(), site_name))
    if user.has_perm("jumun_payments.view_inboxevent"):
        parked = InboxEvent.objects.filter(state=State.PARKED)
        address = reverse("admin:jumun_payments_inboxevent_changelist", current_app=site_name) + "?state__exact=parked"
        found.append(Concern(text=_("Events that could not be processed"), count=parked.count(), address=address))
        found.extend(_reception(site_name))
    if user.has_perm("jumun_outbox.view_job"):
        parked_jobs = Job.objects.filter(state=State.PARKED)
        address = reverse("admin:jumun_outbox_job_changelist", current_app=site_name) + "?state__exact=parked"
        found.append(Concern(text=_("Jobs that did not succeed"), count=parked_jobs.count(), address=address))
    return [concern for concern in found if concern.count]


def _dispute_text(due_at: datetime | None) -> Promise | str:
    if due_at is None:
        return _("Disputes that need an answer")
    due = shop_time(due_at)
    return gettext("Disputes that need an answer, the first until %(due)s") % {"due": f"{due:%Y-%m-%d %H:%M}"}


def _unreconciled(site_name: str) -> list[Concern]:
    """What the latest comparison with Stripe has left open."""
    latest = Reconciliation.objects.exclude(finished_at=None).first()
    if latest is None:
        return []
    count = latest.differences.filter(repaired=False).exclude(kind=Difference.Kind.NOT_OURS).count()
    address = reverse("admin:jumun_payments_reconciliation_change", args=[latest.pk], current_app=site_name)
    return [Concern(text=_("Differences from Stripe's books"), count=count, address=address)]


def _reception(site_name: str) -> list[Concern]:
    """Stripe's events are refused, or have never come."""
    row = WebhookReception.current()
    address = reverse("admin:jumun_payments_inboxevent_changelist", current_app=site_name)
    if row.is_refusing and row.refused_since:
        values = {
            "time": f"{shop_time(row.refused_since):%Y-%m-%d %H:%M}",
            "reason": row.get_refused_reason_display(),
            "last": f"{shop_time(row.accepted_at):%Y-%m-%d %H:%M}" if row.accepted_at else gettext("never"),
        }
        text = gettext("Events from Stripe refused since %(time)s (%(reason)s). Last accepted: %(last)s") % values
        return [Concern(text=text, count=row.refused_count, address=address)]
    if row.accepted_at is None and (count := paid_without_events()):
        return [Concern(text=_("Payments, but no event from Stripe was ever accepted"), count=count, address=address)]
    return []


def _brought_in(now: datetime, site_name: str) -> list[Concern]:
    """What the hourly reconciliation of the last day had to repair because no event came."""
    runs = Reconciliation.objects.filter(is_scheduled=True, started_at__gte=now - timedelta(days=1))
    missed = Difference.objects.filter(reconciliation__in=runs, kind=Difference.Kind.EVENT_MISSING, repaired=True)
    found = missed.aggregate(count=Count("pk"), latest=Max("reconciliation"))
    if not found["count"]:
        return []
    address = reverse("admin:jumun_payments_reconciliation_change", args=[found["latest"]], current_app=site_name)
    text = _("Events that never came, brought in by the reconciliation since yesterday")
    return [Concern(text=text, count=found["count"], address=address)]


def waiting_since(now: datetime) -> datetime | None:
    """When the oldest due work should have begun, if that is longer ago than `LATE_S`. One query each queue."""
    oldest = oldest_due_at(now)
    return oldest if oldest and (now - oldest).total_seconds() > LATE_S else None
