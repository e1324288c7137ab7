"""How an unpaid order ends: it is canceled, or it expires. Its payment page is closed at Stripe first."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from jumun.conf import jumun
from jumun.errors import StripeRefused
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.checkout.close import close
from jumun.payments.checkout.open import SESSION_MAX
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment
from jumun.payments.models.intention import check_reconciled
from jumun.payments.stripe import gateway

# A bank debit takes days. Its order keeps its goods meanwhile and is checked again after this time.
TRY_AGAIN_IN = timedelta(hours=1)
BATCH = 200


def cancel_order(order: Order) -> bool:
    """Cancel the order, unless it was paid or is being paid; return whether. Raises what `end_unpaid` raises."""
    return end_unpaid(order, Order.cancel)


def expire_order(order: Order) -> bool:
    """Expire the order, unless it was paid, may still be paid, or its hold was extended; return whether.

    Raises what `end_unpaid` raises.
    """
    # A customer who pressed "pay" after the job was enqueued has more time.
    return order.is_overdue and end_unpaid(order, lambda locked: locked.is_overdue and locked.expire())


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


def enqueue_overdue() -> int:
    """Enqueue the expiry of overdue orders, oldest first, up to a batch; return how many.

    One job a day for each order. If it failed because Stripe was unreachable, the next one tries again without staff.
    """
    now = timezone.now()
    _correct_deadlines(now)
    overdue = Order.objects.filter(state=Order.State.PLACED, expires_at__lte=now).order_by("expires_at")
    wanted = (
        (f"{pk}:{deadline.isoformat()}:{now.date().isoformat()}", {"order_pk": pk})
        for pk, deadline in overdue.values_list("pk", "expires_at").iterator()
    )
    return Job.enqueue_missing("payments.expire_order", wanted, limit=BATCH)


def enqueue_left_open() -> int:
    """Enqueue the closing of open checkouts of paid orders, up to a batch; return how many.

    So nobody pays twice in a second tab. One job a day for each, as above.
    """
    today = timezone.now().date().isoformat()
    left = Checkout.objects.filter(state__in=Checkout.UNFINISHED, order__state=Order.State.PAID).order_by("pk")
    wanted = ((f"{pk}:{today}", {"checkout_pk": pk}) for pk in left.values_list("pk", flat=True).iterator())
    return Job.enqueue_missing("payments.close_left_open", wanted, limit=BATCH)


def _correct_deadlines(now: datetime) -> None:
    """Correct orders that were placed while the clock was ahead. They would hold their goods too long."""
    latest = now + max(timedelta(seconds=jumun().order_expires_s), SESSION_MAX) + TRY_AGAIN_IN
    wrong = Order.objects.filter(state=Order.State.PLACED, expires_at__gt=latest)
    wrong.update(expires_at=now + timedelta(seconds=jumun().order_expires_s))
