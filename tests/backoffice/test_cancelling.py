"""Staff cancel what is not paid, and never what is."""

from typing import Any

import pytest
from django.test import Client

from jumun.orders.models import Order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.backoffice.refunding import text_of
from tests.factories import paid_order, place_order
from tests.payments.paying import URLS, pay_unnoticed, session_id

pytestmark = pytest.mark.django_db

CANCELLER = ("jumun_orders.view_order", "jumun_orders.cancel_order")


def address(order: Order, end: str = "cancel") -> str:
    return f"/admin/jumun_orders/order/{order.pk}/{end}/"


def state(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def test_an_unpaid_order_is_cancelled_with_its_payment_page(staff: Any, stripe: Paywright) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    client = staff(*CANCELLER)
    assert address(order) in text_of(client.get(address(order, "change")))
    assert order.number in text_of(client.get(address(order)))
    assert state(order) == "placed"
    after = client.post(address(order), follow=True)
    assert "is cancelled and its goods" in text_of(after)
    assert "staff0" in text_of(after)
    assert state(order) == "cancelled"
    assert gateway.retrieve_session(session_id(order))["status"] == "expired"


def test_who_has_paid_meanwhile_keeps_the_order(staff: Any, stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    after = staff(*CANCELLER).post(address(order), follow=True)
    assert "not cancelled: it is paid" in text_of(after)
    assert state(order) == "paid"


def test_while_stripe_does_not_answer_nothing_is_cancelled(staff: Any, stripe: Paywright, settings: Any) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    after = staff(*CANCELLER).post(address(order), follow=True)
    assert "nothing is cancelled" in text_of(after)
    assert state(order) == "placed"


def test_a_paid_order_offers_no_cancelling(staff: Any) -> None:
    order = paid_order()
    client = staff(*CANCELLER)
    assert address(order) not in text_of(client.get(address(order, "change")))
    assert client.get(address(order)).status_code == 302
    client.post(address(order))
    assert state(order) == "paid"


@pytest.mark.parametrize("permissions", [(), CANCELLER[:1], CANCELLER[1:]])
def test_only_staff_with_the_permission_cancel(staff: Any, permissions: tuple[str, ...]) -> None:
    order = place_order()
    client = staff(*permissions)
    assert client.get(address(order)).status_code == client.post(address(order)).status_code == 403
    assert Client().post(address(order)).status_code == 302
    assert state(order) == "placed"


def test_the_page_speaks_korean(staff: Any) -> None:
    page = text_of(staff(*CANCELLER, language="ko").get(address(place_order())))
    assert "주문 취소" in page
