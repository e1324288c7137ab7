from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from jumun.errors import StripeRefused
from jumun.orders.models import Order
from jumun.payments.check_reconciled import check_reconciled
from jumun.payments.checkout.close import close
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment
from jumun.payments.stripe import gateway

# A bank debit takes days; its order keeps its goods meanwhile and is looked at again after this.
TRY_AGAIN_IN = timedelta(hours=1)


def end_unpaid(order: Order, end: Callable[[Order], bool]) -> bool:
    """Close the order's checkout at Stripe, then call ``end`` with the locked order, unless it may still be paid.

    Stripe is asked last: what was paid meanwhile is paid. Raises `StripeUnavailable` and `StripeRefused`: then nothing
    is known and nothing has ended. Must not run in a transaction.
    """
    check_reconciled(order)
    for checkout in order.checkouts.filter(state__in=Checkout.UNFINISHED):
        close(checkout)
    if order.payments.filter(status=Payment.Status.PROCESSING).exists():
        _look_again(order)
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        # Opened since: somebody is about to pay.
        is_open = order.checkouts.filter(state__in=Checkout.UNFINISHED).exists()
        if is_open or order.payments.filter(status=Payment.Status.PROCESSING).exists():
            order.keep_until(timezone.now() + TRY_AGAIN_IN)
            return False
        return end(order)


def _look_again(order: Order) -> None:
    """Learn how a payment that takes days has ended, should the webhook that told it have been lost."""
    for checkout in order.checkouts.filter(state=Checkout.State.COMPLETE).exclude(session_id=None):
        try:
            apply(gateway.retrieve_session(str(checkout.session_id)))
        except StripeRefused as refusal:
            # The sandbox in which it was paid is not the one in force any more, or none is: that was no real money.
            if order.livemode or refusal.code != "resource_missing":
                raise
            _give_up(order)


def _give_up(order: Order) -> None:
    with transaction.atomic():
        Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        for payment in order.payments.select_for_update(no_key=True).filter(status=Payment.Status.PROCESSING):
            with payment.joining():
                payment.advance(Payment.Status.FAILED, None, "")
