from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from jumun.errors import StripeRefused
from jumun.orders.models import Order
from jumun.payments.checkout.close import close
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment
from jumun.payments.models.intention import check_reconciled
from jumun.payments.stripe import gateway

# A bank debit takes days. Its order keeps its goods meanwhile and is checked again after this time.
TRY_AGAIN_IN = timedelta(hours=1)


def end_unpaid(order: Order, end: Callable[[Order], bool]) -> bool:
    """Close the order's checkout at Stripe, then call ``end`` with the locked order, unless it may still be paid.

    If the order was paid meanwhile, the payment wins. Raises `StripeUnavailable` and `StripeRefused`: then nothing has
    ended. Must not run in a transaction.
    """
    check_reconciled(order)
    for checkout in order.checkouts.filter(state__in=Checkout.UNFINISHED):
        close(checkout)
    if order.payments.filter(status=Payment.Status.PROCESSING).exists():
        _look_again(order)
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        # Opened since we closed the others: somebody is about to pay.
        is_open = order.checkouts.filter(state__in=Checkout.UNFINISHED).exists()
        if is_open or order.payments.filter(status=Payment.Status.PROCESSING).exists():
            order.extend_hold(timezone.now() + TRY_AGAIN_IN)
            return False
        return end(order)


def _look_again(order: Order) -> None:
    """Learn how a payment that takes days has ended, in case its webhook was lost."""
    for checkout in order.checkouts.filter(state=Checkout.State.COMPLETE).exclude(session_id=None):
        try:
            apply(gateway.retrieve_session(str(checkout.session_id)))
        except StripeRefused as refusal:
            # It was paid in a sandbox that is no longer in use: that was not real money.
            if order.livemode or refusal.code != "resource_missing":
                raise
            _give_up(order)


def _give_up(order: Order) -> None:
    with transaction.atomic():
        Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        for payment in order.payments.select_for_update(no_key=True).filter(status=Payment.Status.PROCESSING):
            payment.advance(Payment.Status.FAILED)
            payment.save_learnt()
