"""Letting go of orders that nobody paid in time."""

from django.utils import timezone

from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.end import end_unpaid

BATCH = 200


def enqueue_overdue() -> int:
    """Enqueue the expiry of overdue orders, oldest first and up to a batch; return how many.

    One a day for each: what was given up because Stripe was away for hours is taken up again without staff.
    """
    now = timezone.now()
    overdue = Order.objects.filter(state=Order.State.PLACED, expires_at__lte=now).order_by("expires_at")
    wanted = (
        (f"{pk}:{deadline.isoformat()}:{now.date().isoformat()}", {"order_pk": pk})
        for pk, deadline in overdue.values_list("pk", "expires_at").iterator()
    )
    return Job.enqueue_missing("payments.expire_order", wanted, limit=BATCH)


def expire_order(order: Order) -> bool:
    """Expire the order, unless it was paid, may still be paid, or its time was prolonged; say whether.

    Raises what `end_unpaid` raises.
    """
    # Whoever pressed "pay" since the job was made has got more time.
    return order.is_overdue and end_unpaid(order, lambda locked: locked.is_overdue and locked.expire())
