"""An order that ended unpaid is paid all the same: it gets its goods again, all of them or none."""

import pytest
from django.test import Client

from jumun.audit import findings
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.models import Payment
from tests.factories import pay
from tests.races import at_once
from tests.storefront.shop import buy, counts, product, put

pytestmark = pytest.mark.django_db


def test_goods_that_are_still_there_are_taken_again(client: Client) -> None:
    tea = product(stock_quantity=5)
    order = buy(client, tea, 2)
    order.expire()
    pay(order)
    assert order.state == "paid"
    assert counts(tea) == (2, 0, 3)
    assert list(findings()) == []


def test_goods_that_somebody_else_has_are_not(client: Client) -> None:
    tea = product(stock_quantity=5)
    order = buy(client, tea, 5)
    order.cancel()
    buy(Client(), tea, 1)
    pay(order)
    assert order.state == "cancelled"
    assert counts(tea) == (0, 1, 4)
    assert not Invoice.objects.exists()
    assert list(findings()) == []


def test_of_two_articles_none_is_taken_where_one_is_missing(client: Client) -> None:
    cup, tea = product(stock_quantity=5), product(stock_quantity=5)
    put(client, cup, 2)
    order = buy(client, tea, 2)
    order.expire()
    buy(Client(), tea, 4)
    pay(order)
    assert order.state == "expired"
    assert (counts(cup), counts(tea)) == ((0, 0, 5), (0, 4, 1))


def test_what_is_no_longer_sold_is_not_sold_late_either(client: Client) -> None:
    tea = product()
    order = buy(client, tea)
    order.expire()
    tea.active = False
    tea.save(update_fields=["active"])
    pay(order)
    assert order.state == "expired"
    assert Payment.objects.get().rejection_reason == "paid_after_close"


@pytest.mark.django_db(transaction=True)
def test_the_last_goods_go_to_one_of_those_who_pay_late() -> None:
    tea = product(stock_quantity=3)
    orders = []
    for _ in range(8):
        orders.append(buy(Client(), tea, 3))
        orders[-1].expire()
    at_once(8, lambda i: pay(Order.objects.get(pk=orders[i].pk)))
    assert Order.objects.filter(state="paid").count() == Invoice.objects.count() == 1
    assert Payment.objects.filter(rejection_reason="paid_after_close").count() == 7
    assert counts(tea) == (3, 0, 0)
    assert list(findings()) == []
