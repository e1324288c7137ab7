from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from jumun.audit import invariant
from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.outbox.lease import State
from jumun.outbox.models import Job
from jumun.payments.balance_check import movements_that_differ, nets_that_differ, payouts_that_do_not_add_up
from jumun.payments.models import Dispute, InboxEvent, Payment, QuarantinedSnapshot, Refund

# An event waits no longer than its retries take; one that does is not being worked on.
WAITING_MAX = timedelta(hours=12)


@invariant("I1")
def paid_orders_were_paid_in_full() -> Iterator[tuple[str, str]]:
    settling = Payment.objects.filter(order=OuterRef("pk"), settles_order=True, status=Payment.Status.PAID)
    unpaid = Order.objects.filter(~Exists(settling), state=Order.State.PAID)
    for number in unpaid.values_list("number", flat=True).iterator():
        yield number, "is paid, but no payment says so"
    other = Payment.objects.filter(settles_order=True).exclude(
        amount_minor=F("order__total_minor"), currency=F("order__currency"), livemode=F("order__livemode")
    )
    for payment, number in other.values_list("payment_intent_id", "order__number").iterator():
        yield payment, f"settles {number}, which is of another amount, currency or mode"
    astray = Payment.objects.filter(settles_order=True).exclude(order__state=Order.State.PAID)
    for payment, number in astray.values_list("payment_intent_id", "order__number").iterator():
        yield payment, f"settles {number}, which is not paid"


@invariant("I6")
def acknowledged_events_are_processed() -> Iterator[tuple[str, str]]:
    late = Q(state=State.READY, received_at__lt=timezone.now() - WAITING_MAX)
    for event in InboxEvent.objects.filter(late | Q(state=State.PARKED)).defer("payload").iterator():
        yield event.event_id, f"{event.type} is {event.state} after {event.attempts} tries: {event.last_error[:200]}"


@invariant("I9")
def money_beside_the_order_is_noticed() -> Iterator[tuple[str, str]]:
    """What was paid and does not settle its order goes back, or staff were told of it."""
    beside = Payment.objects.filter(status=Payment.Status.PAID, settles_order=False)
    told = QuarantinedSnapshot.objects.filter(payment=OuterRef("pk"))
    for payment in beside.filter(~Exists(told)).select_related("order").iterator():
        yield payment.payment_intent_id, f"paid for {payment.order} beside its payment and nobody was told"
    refunds = Refund.objects.filter(payment=OuterRef("pk")).exclude(status__in=[Refund.Status.REFUSED])
    key = Concat(Value("payments.give_back:"), OuterRef("payment_intent_id"))
    jobs = Job.objects.filter(key=key).exclude(state=State.DONE)
    kept = beside.filter(~Exists(refunds), ~Exists(jobs), unwanted_because__in=Payment.GIVEN_BACK)
    for payment_intent_id in kept.values_list("payment_intent_id", flat=True).iterator():
        yield payment_intent_id, "is to go back and nothing is on its way"


@invariant("I2")
def refunds_have_a_credit_note() -> Iterator[tuple[str, str]]:
    """What was refunded of an invoiced payment is credited; the note of a refund that failed is cancelled."""
    money_back = Sum("refunds__amount_minor", filter=Q(refunds__status=Refund.Status.SUCCEEDED), default=0)
    notes = CreditNote.objects.standing().filter(invoice__order=OuterRef("order")).order_by().values("invoice")
    payments = Payment.objects.filter(settles_order=True).annotate(
        refunded=money_back, credited=Coalesce(Subquery(notes.annotate(sum=Sum("amount_minor")).values("sum")), 0)
    )
    for payment in payments.filter(refunded__gt=F("credited")).iterator():
        yield payment.payment_intent_id, "has been refunded by more than its credit notes say"
    of_refund = Refund.objects.filter(
        refund_id=OuterRef("refund_id"), payment__order=OuterRef("invoice__order"), status=Refund.Status.SUCCEEDED
    )
    of_dispute = Dispute.objects.filter(dispute_id=OuterRef("refund_id"), payment__order=OuterRef("invoice__order"))
    unfounded = CreditNote.objects.standing().filter(~Exists(of_refund), ~Exists(of_dispute))
    for number in unfounded.values_list("number", flat=True).iterator():
        yield number, "is the credit note of no refund that succeeded and of no dispute"


@invariant("I8")
def no_more_is_refunded_than_was_paid() -> Iterator[tuple[str, str]]:
    on_its_way = [Refund.Status.PENDING, Refund.Status.REQUIRES_ACTION, Refund.Status.SUCCEEDED]
    payments = Payment.objects.annotate(refunded=Sum("refunds__amount_minor", filter=Q(refunds__status__in=on_its_way)))
    beyond = payments.filter(Q(refunded__gt=F("amount_minor")) | (Q(refunded__gt=0) & ~Q(status=Payment.Status.PAID)))
    for payment in beyond.iterator():
        yield payment.payment_intent_id, f"paid {payment.amount_minor}, but more than that is refunded"


@invariant("I5")
def stripes_balance_moved_as_our_books_say() -> Iterator[tuple[str, str]]:
    yield from movements_that_differ()
    yield from nets_that_differ()
    yield from payouts_that_do_not_add_up()
