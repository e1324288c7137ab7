from jumun.orders.models import Order
from jumun.outbox.handlers import job
from jumun.payments import expire


@job("payments.expire_overdue", every_s=60)
def expire_overdue() -> None:
    expire.enqueue_overdue()


@job("payments.expire_order", network=True)
def expire_order(order_pk: int) -> None:
    expire.expire_order(Order.objects.get(pk=order_pk))
