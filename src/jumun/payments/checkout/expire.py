"""Letting go of orders that nobody paid in time, and of payment pages that nobody needs any more."""

from datetime import datetime, timedelta

from django.utils import timezone

from jumun.conf import jumun
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.checkout.end import TRY_AGAIN_IN, end_unpaid
from jumun.payments.checkout.open import SESSION_MAX
from jumun.payments.models import Checkout

BATCH = 200


def enqueue_overdue() -> int:
    """Enqueue the expiry of overdue orders, oldest first and up to a batch; return how many.

    One a day for each: what was given up because Stripe was away for hours is taken up again without staff.
    """
    now = timezone.now()
    _put_right(now)
    overdue = Order.objects.filter(state=Order.State.PLACED, expires_at__lte=now).order_by("expires_at")
    wanted = (
        (f"{pk}:{deadline.isoformat()}:{now.date().isoformat()}", {"order_pk": pk})
        for pk, deadline in overdue.values_list("pk", "expires_at").iterator()
    )
    return Job.enqueue_missing("payments.expire_order", wanted, limit=BATCH)


def enqueue_left_open() -> int:
    """Enqueue the closing of checkouts that are still open though their order is paid, up to a batch; return how many.

    So nobody pays twice in a second tab. One a day for each, as above.
    """
    today = timezone.now().date().isoformat()
    left = Checkout.objects.filter(state__in=Checkout.UNFINISHED, order__state=Order.State.PAID).order_by("pk")
    wanted = ((f"{pk}:{today}", {"checkout_pk": pk}) for pk in left.values_list("pk", flat=True).iterator())
    return Job.enqueue_missing("payments.close_left_open", wanted, limit=BATCH)


def _put_right(now: datetime) -> None:
    """An order that was placed while the clock was ahead would hold its goods until that day."""
    latest = now + max(timedelta(seconds=jumun().order_expires_s), SESSION_MAX) + TRY_AGAIN_IN
    wrong = Order.objects.filter(state=Order.State.PLACED, expires_at__gt=latest)
    wrong.update(expires_at=now + timedelta(seconds=jumun().order_expires_s))


def expire_order(order: Order) -> bool:
    """Expire the order, unless it was paid, may still be paid, or its time was prolonged; say whether.

    Raises what `end_unpaid` raises.
    """
    # Whoever pressed "pay" since the job was made has got more time.
    return order.is_overdue and end_unpaid(order, lambda locked: locked.is_overdue and locked.expire())
