"""Staff give money back on a page of its own, and see afterwards what became of it."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from jumun.invoices.models import CreditNote
from jumun.payments.models import Payment, Refund
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import paid_order, pay
from tests.payments.paying import buy

pytestmark = pytest.mark.django_db

REFUNDER = ("jumun_payments.view_payment", "jumun_payments.refund_payment", "jumun_orders.view_order")


def address(payment: Payment) -> str:
    return f"/admin/jumun_payments/payment/{payment.pk}/refund/"


def form(**values: str) -> dict[str, str]:
    return {"amount": "3,000", "reason": "duplicate", "confirmed": "on", "key": str(uuid.uuid4())} | values


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_staff_refund_a_part_and_see_it_on_the_orders_page(staff: Any, stripe: Paywright) -> None:
    payment = buy(stripe)
    client = staff(*REFUNDER, "jumun_invoices.view_creditnote")
    page = text_of(client.get(address(payment)))
    assert "₩11,000 is left to refund." in page
    assert 'value="11000"' in page
    after = client.post(address(payment), form(), follow=True)
    assert after.redirect_chain[0][0] == f"/admin/jumun_orders/order/{payment.order.pk}/change/"
    made, note = Refund.objects.get(), CreditNote.objects.get()
    assert (made.amount_minor, made.reason, made.by.username) == (3_000, "duplicate", "staff0")
    for told in ("₩3,000 is refunded.", str(made.refund_id), "paid twice", "staff0", note.number):
        assert told in text_of(after)
    paper = client.get(f"/admin/jumun_invoices/creditnote/{note.pk}/credit-note.pdf")
    assert paper.content[:5] == b"%PDF-"


def test_the_form_of_one_page_sent_twice_refunds_once(staff: Any, stripe: Paywright) -> None:
    payment = buy(stripe)
    client = staff(*REFUNDER)
    found = re.search(r'name="key" value="([^"]+)"', text_of(client.get(address(payment))))
    assert found
    for _ in range(2):
        assert client.post(address(payment), form(key=found[1])).status_code == 302
    assert [refund["amount"] for refund in gateway.refunds_of(payment.payment_intent_id)] == [3_000]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"amount": "11,001"}, "Only ₩11,000 of this payment is left to refund."),
        ({"amount": "all of it"}, "This is not an amount in KRW."),
        ({"amount": "10.50"}, "KRW has no decimals."),
        ({"amount": "5.000"}, "KRW has no decimals."),
        ({"amount": "1,000.00"}, "KRW has no decimals."),
        ({"amount": "$5"}, "This is not an amount in KRW."),
        ({"amount": "0"}, "The amount must be above zero."),
        ({"confirmed": ""}, "This field is required."),
        ({"key": "x"}, "Enter a valid UUID."),
    ],
)
def test_what_cannot_be_refunded_is_told_and_refunds_nothing(staff: Any, values: dict[str, str], told: str) -> None:
    payment = paid_order().payments.get()
    response = staff(*REFUNDER).post(address(payment), form(**values))
    assert response.status_code == 400
    assert told in text_of(response)
    assert not Refund.objects.exists()


def test_what_stripe_refuses_is_told_in_its_words(staff: Any, stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.refund(payment.payment_intent_id)
    response = staff(*REFUNDER).post(address(payment), form())
    assert "has already been refunded" in text_of(response)


def test_when_stripe_does_not_answer_nobody_is_asked_to_try_again(staff: Any, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    payment = paid_order().payments.get()
    after = staff(*REFUNDER).post(address(payment), form(), follow=True)
    assert "do not refund again" in text_of(after)
    assert "being created" in text_of(after)


@pytest.mark.parametrize("permissions", [(), REFUNDER[:1], REFUNDER[1:2]])
def test_only_staff_with_the_permission_refund(staff: Any, permissions: tuple[str, ...]) -> None:
    payment = paid_order().payments.get()
    client = staff(*permissions, "jumun_orders.view_order")
    assert client.get(address(payment)).status_code == 403
    assert client.post(address(payment), form()).status_code == 403
    assert address(payment) not in text_of(client.get(f"/admin/jumun_orders/order/{payment.order.pk}/change/"))
    assert not Refund.objects.exists()


def test_a_visitor_is_sent_to_the_login_and_a_foreign_form_is_refused(staff: Any) -> None:
    payment = paid_order().payments.get()
    assert Client().post(address(payment), form()).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = staff(*REFUNDER).cookies
    assert strict.post(address(payment), form()).status_code == 403
    assert not Refund.objects.exists()


def by_line(**values: str) -> dict[str, str]:
    return form(what="lines", **values)


def test_staff_refund_items_and_put_some_back_into_stock(staff: Any, stripe: Paywright) -> None:
    payment = buy(stripe)
    client = staff(*REFUNDER, "jumun_orders.view_timelineentry")
    page = text_of(client.get(address(payment)))
    assert 'name="quantity_1"' in page
    after = client.post(address(payment), by_line(quantity_1="1", restock_1="2"), follow=True)
    made = Refund.objects.get()
    assert (made.amount_minor, made.quantities, made.restocked) == (5_500, {1: 1}, {"CUP-1": 2})
    assert "₩5,500 is refunded." in text_of(after)
    assert 'max="1"' in text_of(client.get(address(payment)))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (by_line(), "Please say how many of which item."),
        (by_line(quantity_1="3"), "Ensure this value is less than or equal to 2."),
        (by_line(restock_1="3", quantity_1="1"), "Ensure this value is less than or equal to 2."),
        (by_line(quantity_1="-1"), "Ensure this value is greater than or equal to 0."),
        (by_line(quantity_1="many"), "Enter a whole number."),
        (form(quantity_1="1"), "Items are chosen as well as an amount."),
        (form(what="everything"), "Select a valid choice."),
    ],
)
def test_a_choice_of_items_that_is_none_refunds_nothing(staff: Any, values: dict[str, str], told: str) -> None:
    payment = paid_order().payments.get()
    response = staff(*REFUNDER).post(address(payment), values)
    assert response.status_code == 400
    assert told in text_of(response)
    assert not Refund.objects.exists()


def test_a_second_payment_paid_for_no_items(staff: Any) -> None:
    second = pay(paid_order()).payments.get(settles_order=False)
    page = text_of(staff(*REFUNDER).get(address(second)))
    assert 'value="11000"' in page
    assert "quantity_1" not in page


def test_the_page_speaks_korean(staff: Any) -> None:
    payment = paid_order().payments.get()
    page = text_of(staff(*REFUNDER, language="ko").get(address(payment)))
    assert "환불할 수 있는 금액은 ₩11,000입니다." in page
