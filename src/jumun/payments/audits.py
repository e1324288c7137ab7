from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant, shown
from jumun.conf import livemode
from jumun.invoices.models import CreditNote, Restoration
from jumun.orders.audits import CHANGED_REMEDY
from jumun.orders.models import Order
from jumun.outbox.audits import LEFT_LYING
from jumun.outbox.lease import State
from jumun.outbox.models import Job
from jumun.payments.models import Checkout, Dispute, InboxEvent, Payment, QuarantinedSnapshot, Refund
from jumun.payments.reconcile.balance import (
    categories_that_differ,
    disputes_that_moved_otherwise,
    movements_that_differ,
    nets_that_differ,
    payouts_that_contradict_their_transactions,
    payouts_that_do_not_add_up,
)
from jumun.payments.row_check import (
    checkouts_that_contradict_their_order,
    credit_notes_that_contradict_their_refund,
    disputes_that_contradict_their_timeline,
    payments_that_contradict_their_order,
    payments_that_differ_from_their_invoice,
    payments_that_differ_from_what_was_held,
    refunds_that_contradict_their_payment,
)

# An event's tries take nine hours; one that goes on for longer hangs in a worker.
TRIED_MAX = timedelta(hours=12)

RECONCILE_REMEDY = gettext_lazy("manage.py reconcile --repair brings in what Stripe knows, fees and payouts too.")
UNFOUNDED_REMEDY = gettext_lazy(
    "manage.py reconcile --repair brings in what Stripe knows. If that changes nothing, compare the order's page with "
    "Stripe's: somebody has changed the database behind Jumun's back."
)
CREDIT_REMEDY = gettext_lazy(
    "manage.py reconcile --repair brings in what Stripe knows; a note too many is cancelled (CreditNote.cancel)."
)
EVENTS_REMEDY = gettext_lazy("Is a worker running? Fix what is parked by its error, and retry it from the admin.")


@invariant("I1", remedy=UNFOUNDED_REMEDY)
def paid_orders_were_paid_in_full() -> Iterator[tuple[str, str]]:
    """Every paid order has the one payment that settles it, of just its amount, currency and mode; no other has one."""
    settling = Payment.objects.filter(order=OuterRef("pk"), settles_order=True)
    unpaid = Order.objects.filter(~Exists(settling), state=Order.State.PAID).order_by()
    for number in unpaid.values_list("number", flat=True).iterator():
        yield number, _("is paid, but no payment says so")
    other = Payment.objects.filter(settles_order=True).exclude(
        amount_minor=F("order__total_minor"),
        currency=F("order__currency"),
        livemode=F("order__livemode"),
        status=Payment.Status.PAID,
        order__state=Order.State.PAID,
    )
    for payment in other.order_by().select_related("order").iterator():
        yield payment.payment_intent_id, _why_not_settled(payment)


def _why_not_settled(payment: Payment) -> str:
    order = payment.order
    told = {
        "order": order.number,
        "status": payment.get_status_display(),
        "paid": shown(payment.amount_minor, payment.currency),
        "total": shown(order.total_minor, order.currency),
    }
    if order.state != Order.State.PAID:
        return _("settles order %(order)s with %(paid)s, but the order is not paid") % told
    if payment.status != Payment.Status.PAID:
        return _("settles order %(order)s over %(total)s, but the payment is %(status)s") % told
    if payment.livemode != order.livemode:
        return _("settles order %(order)s of the other mode, test or live") % told
    return _("settles order %(order)s over %(total)s with %(paid)s") % told


@invariant("I6", remedy=EVENTS_REMEDY)
def acknowledged_events_are_processed() -> Iterator[tuple[str, str]]:
    """No event that is due is left lying, none is tried for longer than its tries take, and none is given up."""
    now = timezone.now()
    is_tried = Q(attempts__gt=0) | Q(deaths__gt=0) | Q(lease_token__isnull=False)
    late = Q(run_at__lt=now - LEFT_LYING) | Q(is_tried, received_at__lt=now - TRIED_MAX)
    for event in (
        InboxEvent.objects.filter(Q(late, state=State.READY) | Q(state=State.PARKED)).defer("payload").iterator()
    ):
        yield (
            event.event_id,
            _("%(type)s is %(state)s after %(attempts)s tries: %(error)s")
            % {
                "type": event.type,
                "state": event.get_state_display(),
                "attempts": event.attempts,
                "error": event.last_error[:200],
            },
        )


@invariant("I9", remedy=gettext_lazy("Refund the payment from the order's page."))
def money_beside_the_order_is_noticed() -> Iterator[tuple[str, str]]:
    """What was paid and does not settle its order goes back, or is at the bank, or staff were told of it."""
    beside = Payment.objects.filter(status=Payment.Status.PAID, settles_order=False)
    told = QuarantinedSnapshot.objects.filter(payment=OuterRef("pk"), reason=OuterRef("rejection_reason"))
    for payment in beside.filter(~Exists(told)).select_related("order").iterator():
        yield (
            payment.payment_intent_id,
            _("paid %(paid)s for order %(order)s beside its payment, and nobody was told")
            % {"paid": shown(payment.amount_minor, payment.currency), "order": payment.order.number},
        )
    refunds = Refund.objects.filter(payment=OuterRef("pk")).exclude(status__in=[Refund.Status.REFUSED])
    # Done once more after each dispute, with its name in the key.
    key = Concat(Value("payments.auto_refund:"), OuterRef("payment_intent_id"))
    jobs = Job.objects.filter(key__startswith=key).exclude(state=State.DONE)
    disputed = Dispute.blocking().filter(payment=OuterRef("pk"))
    unsent = beside.filter(~Exists(refunds), ~Exists(jobs), ~Exists(disputed))
    kept = unsent.filter(rejection_reason__in=Payment.AUTO_REFUNDED)
    for payment in kept.select_related("order").iterator():
        yield (
            payment.payment_intent_id,
            _("%(paid)s for order %(order)s are to go back, and nothing is on its way")
            % {"paid": shown(payment.amount_minor, payment.currency), "order": payment.order.number},
        )


@invariant("I9", remedy=gettext_lazy("Expire all but one of them at Stripe; an open one can be paid."))
def orders_have_one_open_checkout() -> Iterator[tuple[str, str]]:
    """The database's own promise, should somebody have taken it away."""
    checkouts = Checkout.objects.filter(state__in=Checkout.UNFINISHED).order_by().values("order__number")
    for row in checkouts.annotate(count=Count("pk")).filter(count__gt=1):
        yield row["order__number"], _("has %(count)s open checkouts") % {"count": row["count"]}


@invariant("I2", remedy=CREDIT_REMEDY)
def refunds_have_a_credit_note() -> Iterator[tuple[str, str]]:
    """What was refunded of an invoiced payment is credited; the note of a refund that failed is cancelled."""
    succeeded = Refund.objects.filter(status=Refund.Status.SUCCEEDED)
    of_order = CreditNote.objects.standing().filter(invoice__order=OuterRef("payment__order")).order_by()
    credited = of_order.values("invoice").annotate(sum=Sum("amount_minor")).values("sum")
    payment = ("payment__payment_intent_id", "payment__currency", "payment__order__number")
    refunded = succeeded.filter(payment__settles_order=True).order_by().values(*payment)
    sums = refunded.annotate(sum=Sum("amount_minor"), credited=Coalesce(Subquery(credited), 0))
    for row in sums.filter(sum__gt=F("credited")):
        currency = row["payment__currency"]
        yield (
            row["payment__payment_intent_id"],
            _("%(refunded)s of order %(order)s were refunded, but its credit notes are over %(credited)s")
            % {
                "refunded": shown(row["sum"], currency),
                "credited": shown(row["credited"], currency),
                "order": row["payment__order__number"],
            },
        )
    of_refund = succeeded.filter(refund_id=OuterRef("refund_id"), payment__order=OuterRef("invoice__order"))
    lost = Dispute.objects.filter(status=Dispute.Status.LOST)
    of_dispute = lost.filter(dispute_id=OuterRef("refund_id"), payment__order=OuterRef("invoice__order"))
    unfounded = CreditNote.objects.standing().filter(~Exists(of_refund), ~Exists(of_dispute)).order_by()
    for number in unfounded.values_list("number", flat=True).iterator():
        yield number, _("is the credit note of no refund that succeeded and of no dispute that was lost")
    yield from credit_notes_that_contradict_their_refund()


@invariant("I8", remedy=UNFOUNDED_REMEDY)
def no_more_is_refunded_than_was_paid() -> Iterator[tuple[str, str]]:
    """What refunds have taken from a payment, or may still take, is at most what was paid."""
    taken = Refund.objects.exclude(status__in=Refund.VOID).order_by()
    payment = (
        *("payment__payment_intent_id", "payment__amount_minor", "payment__status"),
        *("payment__currency", "payment__order__number"),
    )
    sums = taken.values(*payment).annotate(sum=Sum("amount_minor"))
    beyond = Q(sum__gt=F("payment__amount_minor")) | ~Q(payment__status=Payment.Status.PAID)
    for row in sums.filter(beyond):
        paid_minor = row["payment__amount_minor"] if row["payment__status"] == Payment.Status.PAID else 0
        yield (
            row["payment__payment_intent_id"],
            _("paid %(paid)s for order %(order)s, but %(refunded)s are refunded")
            % {
                "paid": shown(paid_minor, row["payment__currency"]),
                "refunded": shown(row["sum"], row["payment__currency"]),
                "order": row["payment__order__number"],
            },
        )


@invariant("I5", remedy=RECONCILE_REMEDY)
def stripes_balance_moved_as_our_books_say() -> Iterator[tuple[str, str]]:
    """Charges, refunds, disputes and payouts, as far as their movements are known; see `balance_check`."""
    for subject, _number, problem in movements_that_differ():
        yield subject, problem
    yield from nets_that_differ()
    yield from categories_that_differ()
    yield from payouts_that_do_not_add_up()
    yield from payouts_that_contradict_their_transactions()


@invariant("I5", remedy=UNFOUNDED_REMEDY)
def disputes_are_as_their_timeline_says() -> Iterator[tuple[str, str]]:
    """A dispute has the end that was recorded, and the currency and movements of its payment."""
    yield from disputes_that_contradict_their_timeline()
    yield from disputes_that_moved_otherwise()


@invariant("I1", remedy=CHANGED_REMEDY)
def payments_are_as_their_orders_say() -> Iterator[tuple[str, str]]:
    """How and when an order was paid is the same on its invoice, its payment and itself."""
    yield from payments_that_contradict_their_order()
    yield from payments_that_differ_from_what_was_held()
    yield from payments_that_differ_from_their_invoice()


@invariant("I8", remedy=UNFOUNDED_REMEDY)
def refunds_are_what_stripe_was_asked_for() -> Iterator[tuple[str, str]]:
    """A refund is of its payment, and says what its frozen parameters do."""
    yield from refunds_that_contradict_their_payment()


@invariant("I9", remedy=UNFOUNDED_REMEDY)
def checkouts_are_of_their_orders() -> Iterator[tuple[str, str]]:
    """A checkout has the session and the end that were recorded, and is of the order that Stripe was asked for."""
    yield from checkouts_that_contradict_their_order()


@invariant(
    "I15",
    remedy=gettext_lazy(
        "Is a worker running? Otherwise run manage.py reconcile --repair --since a day before the backup was taken."
    ),
)
def restored_backups_were_compared_with_stripe() -> Iterator[tuple[str, str]]:
    """What was paid and refunded after a backup that was restored has been asked of Stripe."""
    for restoration in Restoration.objects.filter(livemode=livemode(), reconciled_at=None):
        yield (
            _("the backup of %s UTC") % restoration,
            _("was restored, and what has happened since is not in the books yet"),
        )
