"""Whoever goes back to the form and corrects it is not left with the order as it was."""

import re
from typing import Any

import pytest
from django.test import Client

from jumun.orders.models import Order
from jumun.payments.models import Checkout
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import pay
from tests.races import at_once
from tests.storefront.shop import checkout, counts, form_token, product, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(client: Client) -> str:
    """The token of a form that has placed its order."""
    put(client, product(stock_quantity=5), 2)
    token = form_token(client)
    assert checkout(client, form_token=token).status_code == 303
    return token


def test_a_corrected_address_is_the_orders_address(client: Client, sent: str) -> None:
    answer = checkout(client, form_token=sent, address="을지로 30", city="부산")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/payment/process/")
    order = Order.objects.get()
    assert (order.address, order.city, order.name) == ("을지로 30", "부산", "김하늘")
    assert counts(order.reservations.get().product) == (0, 2, 3)
    assert "을지로 30" in client.get(order.get_customer_url()).content.decode()


def test_the_invoice_bears_the_corrected_address(client: Client, sent: str) -> None:
    checkout(client, form_token=sent, address="을지로 30")
    order = pay(Order.objects.get())
    assert "을지로 30" in order.invoice.document.buyer.address_lines


def test_a_domain_in_korean_reaches_stripe_in_punycode(client: Client, sent: str, stripe: Paywright) -> None:
    checkout(client, form_token=sent, email="me@하늘.한국")
    first, second = (client.post("/payment/process/").headers["Location"] for _ in range(2))
    assert first == second, "the open session is used again"
    session = gateway.retrieve_session(str(Checkout.objects.get().session_id))
    assert session["customer_email"] == "me@xn--wh1bz27d.xn--3e0b707e"
    assert Order.objects.get().email == "me@하늘.한국"


def test_a_corrected_mail_address_reaches_stripe(client: Client, sent: str, stripe: Paywright) -> None:
    client.post("/payment/process/")
    first = Checkout.objects.get().session_id
    checkout(client, form_token=sent, email="new@example.com")
    client.post("/payment/process/")
    second = Checkout.objects.latest("pk").session_id
    assert gateway.retrieve_session(str(first))["status"] == "expired"
    assert gateway.retrieve_session(str(second))["customer_email"] == "new@example.com"


def test_a_correction_that_is_wrong_is_explained(client: Client, sent: str) -> None:
    answer = checkout(client, form_token=sent, phone="1", address="을지로 30")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "을지로 30" in page
    assert "녹차" in page
    assert f'name="form_token" value="{sent}"' in page
    assert Order.objects.get().address == "세종대로 110"


@pytest.mark.parametrize("end", [pay, Order.expire, Order.cancel])
def test_what_is_paid_or_over_is_not_changed_and_that_is_said(client: Client, sent: str, end: Any) -> None:
    end(Order.objects.get())
    checkout(client, form_token=sent, address="을지로 30")
    page = client.get("/payment/process/", follow=True).content.decode()
    assert "더 이상 변경할 수 없" in page
    assert Order.objects.get().address == "세종대로 110"


def test_the_same_form_again_says_nothing(client: Client, sent: str) -> None:
    pay(Order.objects.get())
    checkout(client, form_token=sent)
    assert not re.search("변경할 수 없", client.get("/payment/process/", follow=True).content.decode())


@pytest.mark.django_db(transaction=True)
def test_an_order_paid_while_it_is_corrected_has_one_address(client: Client) -> None:
    put(client, product())
    token = form_token(client)
    checkout(client, form_token=token)
    order = Order.objects.get()
    at_once(
        4, lambda i: checkout(Client(), form_token=token, address="을지로 30") if i % 2 else pay(Order.objects.get())
    )
    order.refresh_from_db()
    assert order.invoice.document.buyer.address_lines == (order.address,)
