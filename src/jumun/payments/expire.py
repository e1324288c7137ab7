"""Letting go of orders that nobody paid. Stripe is asked last: what was paid meanwhile is paid."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments import gateway
from jumun.payments.checkout import close
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment

BATCH = 200
# A bank debit takes days; its order keeps its goods meanwhile and is looked at again after this.
TRY_AGAIN_IN = timedelta(hours=1)


def enqueue_overdue() -> int:
    """Enqueue the expiry of overdue orders, up to a batch; return how many were found."""
    overdue = Order.objects.filter(state=Order.State.PLACED, expires_at__lte=timezone.now()).order_by("expires_at")
    found = list(overdue.values_list("pk", "expires_at")[:BATCH])
    for pk, deadline in found:
        Job.enqueue("payments.expire_order", key=f"{pk}:{deadline.isoformat()}", order_pk=pk)
    return len(found)


def expire_order(order: Order) -> bool:
    """Close the order's checkout at Stripe and expire the order, unless it was paid or is being paid; say whether.

    Raises `StripeUnavailable`: then nothing is known and nothing is expired.
    """
    for checkout in order.checkouts.filter(state__in=Checkout.UNFINISHED):
        close(checkout)
    if order.payments.filter(status=Payment.Status.PROCESSING).exists():
        _look_again(order)
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order.pk)
        if order.checkouts.filter(state__in=Checkout.UNFINISHED).exists():
            return False
        if order.payments.filter(status=Payment.Status.PROCESSING).exists():
            order.postpone_expiry(TRY_AGAIN_IN)
            return False
        return order.expire()


def _look_again(order: Order) -> None:
    """Learn how a payment that takes days has ended, should the webhook that told it have been lost."""
    for checkout in order.checkouts.filter(state=Checkout.State.COMPLETE).exclude(session_id=None):
        apply(gateway.retrieve_session(str(checkout.session_id)))
