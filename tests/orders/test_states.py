import pytest
from django.utils import timezone

from jumun.orders.models import Order
from jumun.orders.signals import order_canceled, order_paid
from tests.orders.placing import CUSTOMER, TEA
from tests.races import at_once


@pytest.fixture
def order(db: None) -> Order:
    return Order.place(lines=[TEA], customer=CUSTOMER)


def test_a_paid_order_knows_when(order: Order) -> None:
    at = timezone.now()
    assert order.mark_paid(at=at)
    order.refresh_from_db()
    assert (order.state, order.paid_at) == ("paid", at)


def test_what_is_paid_is_neither_expired_nor_cancelled(order: Order) -> None:
    order.mark_paid(at=timezone.now())
    assert not order.expire()
    assert not order.cancel()
    assert Order.objects.get().state == "paid"


@pytest.mark.parametrize("end", ["expire", "cancel"])
def test_what_has_ended_is_not_paid(order: Order, end: str) -> None:
    assert getattr(order, end)()
    assert not order.mark_paid(at=timezone.now())
    order = Order.objects.get()
    assert order.state in {"expired", "cancelled"}
    assert order.paid_at is None
    assert order.closed_at is not None


def test_a_stale_copy_learns_what_really_happened(order: Order) -> None:
    stale = Order.objects.get()
    order.mark_paid(at=timezone.now())
    assert not stale.cancel()
    assert stale.state == "paid"


def test_a_receiver_that_raises_undoes_the_change(order: Order) -> None:
    def refuse(**_: object) -> None:
        raise RuntimeError

    order_canceled.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            order.cancel()
    finally:
        order_canceled.disconnect(refuse)
    assert Order.objects.get().state == "placed"


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_moves_exactly_one_happens() -> None:
    order = Order.place(lines=[TEA], customer=CUSTOMER)
    told: list[str] = []

    def hear(order: Order, **_: object) -> None:
        told.append(order.state)

    order_paid.connect(hear)
    order_canceled.connect(hear)

    def move(index: int) -> bool:
        mine = Order.objects.get(pk=order.pk)
        return mine.mark_paid(at=timezone.now()) if index % 2 else mine.cancel()

    try:
        moved = at_once(16, move)
    finally:
        order_paid.disconnect(hear)
        order_canceled.disconnect(hear)
    order.refresh_from_db()
    assert moved.count(True) == 1
    assert told == [order.state]
