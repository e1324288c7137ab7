"""An order ends unpaid only where nobody can pay it any more."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.orders.models import Order
from jumun.payments import end
from jumun.payments.checkout import open_checkout
from jumun.payments.close import close
from jumun.payments.models import Checkout
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.test_checkout import URLS

pytestmark = pytest.mark.django_db


def test_a_checkout_opened_while_another_is_being_closed_keeps_the_order_payable(
    stripe: Paywright, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place_order()
    open_checkout(order, **URLS)

    def close_and_open_again(checkout: Checkout) -> None:
        close(checkout)
        open_checkout(Order.objects.get(pk=order.pk), **URLS)

    monkeypatch.setattr(end, "close", close_and_open_again)
    ended: list[Any] = []
    assert not end.end_unpaid(order, ended.append)
    order.refresh_from_db()
    assert (ended, order.state) == ([], "placed")
    assert order.expires_at > timezone.now() + timedelta(minutes=59)
