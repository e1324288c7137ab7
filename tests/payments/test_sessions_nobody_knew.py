"""A customer who paid in a session whose address reached them although Stripe's answer never reached us."""

from typing import Any

import pytest
from django.test import Client

from jumun.orders.models import Order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.models import Payment
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.test_checkout import URLS, session_id

pytestmark = pytest.mark.django_db


def come_back(client: Client, session: str, language: str = "en") -> Any:
    return client.get(f"/payment/completed/?session_id={session}", headers={"Accept-Language": language}, follow=True)


def forgotten_session(order: Order, state: str) -> str:
    """An open session of which our books know no more than that it was wanted."""
    open_checkout(order, **URLS)
    session = session_id(order)
    order.checkouts.update(state=state, session_id=None, url="")
    return session


@pytest.mark.parametrize("state", ["creating", "refused"])
def test_who_paid_in_a_session_whose_answer_was_lost_sees_the_paid_order(
    stripe: Paywright, client: Client, state: str
) -> None:
    order = place_order()
    session = forgotten_session(order, state)
    stripe.pay(session)
    page = come_back(client, session)
    assert page.redirect_chain[-1][0] == f"{order.get_customer_url()}?returned=1"
    assert 'data-order-state="paid"' in page.content.decode()


def test_who_paid_in_a_replaced_session_as_well_is_told_that_it_goes_back(stripe: Paywright, client: Client) -> None:
    order = place_order()
    replaced = forgotten_session(order, "refused")
    open_checkout(order, **URLS)
    for session in (session_id(order), replaced):
        stripe.pay(session)
        page = come_back(client, session)
    assert "A second payment for this order has arrived" in page.content.decode()
    assert Payment.objects.get(settles_order=False).rejection_reason == "second_payment"


def test_one_that_is_not_paid_yet_leads_to_the_order(stripe: Paywright, client: Client) -> None:
    order = place_order()
    page = come_back(client, forgotten_session(order, "creating"))
    assert 'data-order-state="placed"' in page.content.decode()
    assert order.checkouts.get().state == "open"


@pytest.mark.parametrize(("language", "words"), [("ko", "다시 결제하지 마세요"), ("en", "Please do not pay again")])
def test_while_stripe_is_away_the_customer_learns_that_nothing_is_lost(
    client: Client, settings: Any, language: str, words: str
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    page = come_back(client, "cs_test_unknown", language)
    assert page.status_code == 503
    assert words in page.content.decode()
    assert "/payment/completed/?session_id=cs_test_unknown" in page.content.decode()


def test_a_session_that_stripe_does_not_know_is_none(stripe: Paywright, client: Client) -> None:
    assert come_back(client, "cs_test_unknown").status_code == 404


def test_a_session_of_another_shop_on_the_same_account_is_none(stripe: Paywright, client: Client) -> None:
    line = {"quantity": 1, "price_data": {"currency": "krw", "unit_amount": 1000, "product_data": {"name": "x"}}}
    params = {"mode": "payment", "success_url": "http://x.example/", "line_items": [line]}
    made = gateway.create_session(params, idempotency_key="another shop's")
    assert come_back(client, made["id"]).status_code == 404
