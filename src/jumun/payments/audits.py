from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from jumun.audit import invariant
from jumun.conf import livemode
from jumun.invoices.models import CreditNote, Restoration
from jumun.orders.models import Order
from jumun.outbox.audits import LEFT_LYING
from jumun.outbox.lease import State
from jumun.outbox.models import Job
from jumun.payments.balance_check import movements_that_differ, nets_that_differ, payouts_that_do_not_add_up
from jumun.payments.models import Checkout, Dispute, InboxEvent, Payment, QuarantinedSnapshot, Refund

# An event's tries take nine hours; one that goes on for longer hangs in a worker.
TRIED_MAX = timedelta(hours=12)

RECONCILE = "manage.py reconcile --repair brings in what Stripe knows"
UNFOUNDED = "Compare the order's page with Stripe's: somebody has changed the database behind Jumun's back"


@invariant("I1", remedy=f"{RECONCILE}. {UNFOUNDED}.")
def paid_orders_were_paid_in_full() -> Iterator[tuple[str, str]]:
    """Every paid order has the one payment that settles it, of just its amount, currency and mode; no other has one."""
    settling = Payment.objects.filter(order=OuterRef("pk"), settles_order=True)
    unpaid = Order.objects.filter(~Exists(settling), state=Order.State.PAID).order_by()
    for number in unpaid.values_list("number", flat=True).iterator():
        yield number, "is paid, but no payment says so"
    other = Payment.objects.filter(settles_order=True).exclude(
        amount_minor=F("order__total_minor"),
        currency=F("order__currency"),
        livemode=F("order__livemode"),
        status=Payment.Status.PAID,
        order__state=Order.State.PAID,
    )
    for payment in other.order_by().select_related("order").iterator():
        yield payment.payment_intent_id, f"settles {payment.order}, but {_why_not_settled(payment)}"


def _why_not_settled(payment: Payment) -> str:
    if payment.order.state != Order.State.PAID:
        return "the order is not paid"
    if payment.status != Payment.Status.PAID:
        return f"the payment is {payment.status}"
    return "the order is of another amount, currency or mode"


@invariant("I6", remedy="Is a worker running? What is parked, mend by its error and try again from the admin.")
def acknowledged_events_are_processed() -> Iterator[tuple[str, str]]:
    """No event that is due is left lying, none is tried for longer than its tries take, and none is given up."""
    now = timezone.now()
    is_tried = Q(attempts__gt=0) | Q(deaths__gt=0) | Q(lease_token__isnull=False)
    late = Q(run_at__lt=now - LEFT_LYING) | Q(is_tried, received_at__lt=now - TRIED_MAX)
    for event in (
        InboxEvent.objects.filter(Q(late, state=State.READY) | Q(state=State.PARKED)).defer("payload").iterator()
    ):
        yield event.event_id, f"{event.type} is {event.state} after {event.attempts} tries: {event.last_error[:200]}"


@invariant("I9", remedy="Refund the payment from the order's page.")
def money_beside_the_order_is_noticed() -> Iterator[tuple[str, str]]:
    """What was paid and does not settle its order goes back, or is at the bank, or staff were told of it."""
    beside = Payment.objects.filter(status=Payment.Status.PAID, settles_order=False)
    told = QuarantinedSnapshot.objects.filter(payment=OuterRef("pk"))
    for payment in beside.filter(~Exists(told)).select_related("order").iterator():
        yield payment.payment_intent_id, f"paid for {payment.order} beside its payment and nobody was told"
    refunds = Refund.objects.filter(payment=OuterRef("pk")).exclude(status__in=[Refund.Status.REFUSED])
    # Done once more after each dispute, with its name in the key.
    key = Concat(Value("payments.give_back:"), OuterRef("payment_intent_id"))
    jobs = Job.objects.filter(key__startswith=key).exclude(state=State.DONE)
    disputed = Dispute.blocking().filter(payment=OuterRef("pk"))
    unsent = beside.filter(~Exists(refunds), ~Exists(jobs), ~Exists(disputed))
    kept = unsent.filter(unwanted_because__in=Payment.GIVEN_BACK)
    for payment_intent_id in kept.values_list("payment_intent_id", flat=True).iterator():
        yield payment_intent_id, "is to go back and nothing is on its way"


@invariant("I9", remedy="Expire all but one of them at Stripe; an open one can be paid.")
def orders_have_one_open_checkout() -> Iterator[tuple[str, str]]:
    """The database's own promise, should somebody have taken it away."""
    checkouts = Checkout.objects.filter(state__in=Checkout.UNFINISHED).order_by().values("order__number")
    for row in checkouts.annotate(count=Count("pk")).filter(count__gt=1):
        yield row["order__number"], f"has {row['count']} open checkouts"


@invariant("I2", remedy=f"{RECONCILE}; a note too many is cancelled (CreditNote.cancel).")
def refunds_have_a_credit_note() -> Iterator[tuple[str, str]]:
    """What was refunded of an invoiced payment is credited; the note of a refund that failed is cancelled."""
    succeeded = Refund.objects.filter(status=Refund.Status.SUCCEEDED)
    of_order = CreditNote.objects.standing().filter(invoice__order=OuterRef("payment__order")).order_by()
    credited = of_order.values("invoice").annotate(sum=Sum("amount_minor")).values("sum")
    refunded = succeeded.filter(payment__settles_order=True).order_by().values("payment__payment_intent_id")
    sums = refunded.annotate(sum=Sum("amount_minor"), credited=Coalesce(Subquery(credited), 0))
    for row in sums.filter(sum__gt=F("credited")):
        yield row["payment__payment_intent_id"], "has been refunded by more than its credit notes say"
    of_refund = succeeded.filter(refund_id=OuterRef("refund_id"), payment__order=OuterRef("invoice__order"))
    lost = Dispute.objects.filter(status=Dispute.Status.LOST)
    of_dispute = lost.filter(dispute_id=OuterRef("refund_id"), payment__order=OuterRef("invoice__order"))
    unfounded = CreditNote.objects.standing().filter(~Exists(of_refund), ~Exists(of_dispute)).order_by()
    for number in unfounded.values_list("number", flat=True).iterator():
        yield number, "is the credit note of no refund that succeeded and of no dispute that was lost"


@invariant("I8", remedy=f"{RECONCILE}. {UNFOUNDED}.")
def no_more_is_refunded_than_was_paid() -> Iterator[tuple[str, str]]:
    """What refunds have taken from a payment, or may still take, is at most what was paid."""
    taken = Refund.objects.exclude(status__in=Refund.VOID).order_by()
    payment = ("payment__payment_intent_id", "payment__amount_minor", "payment__status")
    sums = taken.values(*payment).annotate(sum=Sum("amount_minor"))
    beyond = Q(sum__gt=F("payment__amount_minor")) | ~Q(payment__status=Payment.Status.PAID)
    for row in sums.filter(beyond):
        paid_minor = row["payment__amount_minor"] if row["payment__status"] == Payment.Status.PAID else 0
        yield row["payment__payment_intent_id"], f"paid {paid_minor}, but {row['sum']} is refunded"


@invariant("I5", remedy=f"{RECONCILE}, fees and payouts too.")
def stripes_balance_moved_as_our_books_say() -> Iterator[tuple[str, str]]:
    """Charges, refunds, disputes and payouts, as far as their movements are known; see `balance_check`."""
    for subject, number, problem in movements_that_differ():
        yield subject, f"order {number}: {problem}"
    yield from nets_that_differ()
    yield from payouts_that_do_not_add_up()


@invariant(
    "I15", remedy="Is a worker running? Or: manage.py reconcile --repair --since a day before the backup was taken."
)
def restored_backups_were_compared_with_stripe() -> Iterator[tuple[str, str]]:
    """What was paid and refunded after a backup that was restored has been asked of Stripe."""
    for restoration in Restoration.objects.filter(livemode=livemode(), reconciled_at=None):
        yield f"the backup of {restoration} UTC", "was restored, and what has happened since is not in the books yet"
