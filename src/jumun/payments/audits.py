from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from jumun.audit import invariant
from jumun.orders.models import Order
from jumun.outbox.lease import State
from jumun.payments.models import Checkout, InboxEvent, Payment, QuarantinedSnapshot

# An event waits no longer than its retries take; one that does is not being worked on.
WAITING_MAX = timedelta(hours=12)


@invariant("I1")
def paid_orders_were_paid_in_full() -> Iterator[tuple[str, str]]:
    settling = Payment.objects.filter(order=OuterRef("pk"), settles_order=True, status=Payment.Status.PAID)
    # A session that needed no payment has no PaymentIntent; its checkout is what tells.
    complete = Checkout.objects.filter(order=OuterRef("pk"), state=Checkout.State.COMPLETE)
    unpaid = Order.objects.filter(~Exists(settling), ~Exists(complete), state=Order.State.PAID)
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
def second_payments_are_noticed() -> Iterator[tuple[str, str]]:
    extra = Payment.objects.filter(status=Payment.Status.PAID, settles_order=False, order__state=Order.State.PAID)
    noticed = QuarantinedSnapshot.objects.filter(order=OuterRef("order"))
    for payment in extra.filter(~Exists(noticed)).select_related("order").iterator():
        yield payment.payment_intent_id, f"paid {payment.order} a second time and nobody was told"
