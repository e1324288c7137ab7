from datetime import timedelta

from django.utils import timezone

from jumun.errors import StripeRefused
from jumun.orders.models import Order
from jumun.outbox.handlers import job
from jumun.payments import expire, refunds
from jumun.payments.models import Refund
from jumun.payments.reconcile import reconcile


@job("payments.expire_overdue", every_s=60)
def expire_overdue() -> None:
    expire.enqueue_overdue()


@job("payments.expire_order", network=True)
def expire_order(order_pk: int) -> None:
    order = Order.objects.get(pk=order_pk)
    try:
        expire.expire_order(order)
    except StripeRefused:
        # Parked, so that staff see it; tried anew later, so that it does not stand before the others for ever.
        order.postpone_expiry(expire.TRY_AGAIN_IN)
        raise


@job("payments.resume_refunds", every_s=60)
def resume_refunds() -> None:
    refunds.enqueue_unanswered()


@job("payments.resume_refund", network=True)
def resume_refund(refund_pk: int) -> None:
    refunds.resume(Refund.objects.select_related("payment").get(pk=refund_pk))


@job("payments.reconcile", network=True, every_s=3600)
def reconcile_lately() -> None:
    """A session lives for less than a day: whatever webhook was lost meanwhile is made good within the hour."""
    now = timezone.now()
    for _finding in reconcile(since=now - timedelta(hours=25), until=now, repair=True):
        pass
