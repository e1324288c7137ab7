"""Against Paywright over HTTP, through the real SDK."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from jumun.errors import OrderNotPayable, StripeRefused, StripeUnavailable
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from jumun.payments.checkout.end_unpaid_orders import enqueue_overdue, expire_order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import item, make_overdue, place_order, stored_order
from tests.orders.placing import BOOK, CUSTOMER, TEA
from tests.payments.paying import URLS, session_id
from tests.payments.stripe_says import deliver
from tests.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return Order.place(lines=[TEA, BOOK], customer=CUSTOMER, language="ko")


def test_the_session_says_all_that_was_ordered(order: Order, stripe: Any) -> None:
    url = open_checkout(order, **URLS)
    session = gateway.retrieve_session(session_id(order))
    assert url == session["url"]
    assert session["client_reference_id"] == order.reference
    assert session["metadata"]["order_reference"] == order.reference
    assert (session["amount_total"], session["currency"], session["locale"]) == (81_000, "krw", "ko")
    assert session["customer_email"] == order.email
    assert session["success_url"].endswith("{CHECKOUT_SESSION_ID}")
    items = httpx.get(
        f"{stripe.api_base}/v1/checkout/sessions/{session['id']}/line_items",
        headers={"Authorization": f"Bearer {stripe.secret_key}"},
    ).json()["data"]
    assert [(item["description"], item["quantity"], item["amount_total"]) for item in items] == [
        ("우전 녹차", 2, 66_000),
        ("차의 책", 1, 15_000),
    ]


def test_the_second_press_reuses_the_open_session(order: Order, stripe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = open_checkout(order, **URLS)
    monkeypatch.delattr(gateway, "create_session")
    assert open_checkout(order, **URLS) == url
    assert order.checkouts.count() == 1


@pytest.mark.django_db(transaction=True)
def test_simultaneous_presses_share_one_session(order: Order, stripe: Any) -> None:
    urls = at_once(6, lambda _: open_checkout(Order.objects.get(pk=order.pk), **URLS))
    assert len(set(urls)) == 1
    assert order.checkouts.count() == 1


def test_a_paid_order_is_not_sent_to_stripe_again(order: Order, stripe: Any) -> None:
    order.mark_paid(at=timezone.now())
    with pytest.raises(OrderNotPayable):
        open_checkout(order, **URLS)
    assert not Checkout.objects.exists()


def test_when_stripe_does_not_answer_the_intention_is_kept(order: Order, stripe: Any, settings: Any) -> None:
    working = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(StripeUnavailable):
        open_checkout(order, **URLS)
    intention = order.checkouts.get()
    assert intention.state == "creating"
    settings.STRIPE_API_BASE = working
    open_checkout(order, **URLS)
    assert order.checkouts.get().idempotency_key == intention.idempotency_key


class KeptFault(BaseHTTPRequestHandler):
    """Stripe with the 500 that it keeps for a key ("Idempotent requests" in the API reference)."""

    def do_POST(self) -> None:
        body = b'{"error": {"type": "api_error", "message": "An unknown error occurred"}}'
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500)
        self.send_header("Idempotent-Replayed", "true")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_fault_that_stripe_keeps_for_a_key_does_not_block_the_order(order: Order, stripe: Any, settings: Any) -> None:
    working = settings.STRIPE_API_BASE
    with ThreadingHTTPServer(("127.0.0.1", 0), KeptFault) as faulty:
        threading.Thread(target=faulty.serve_forever).start()
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{faulty.server_port}"
        with pytest.raises(StripeUnavailable):
            open_checkout(order, **URLS)
        faulty.shutdown()
    settings.STRIPE_API_BASE = working
    assert open_checkout(order, **URLS)
    assert list(order.checkouts.values_list("state", flat=True)) == ["open", "refused"]


def test_a_lost_answer_does_not_make_a_second_session(order: Order, stripe: Any) -> None:
    open_checkout(order, **URLS)
    first = session_id(order)
    # As if the process had died between Stripe's answer and our commit.
    order.checkouts.update(state="creating", session_id=None, url="")
    open_checkout(order, **URLS)
    assert session_id(order) == first


def test_what_stripe_refuses_is_recorded_and_the_next_try_is_fresh(stripe: Any) -> None:
    order = stored_order(email="no address")
    with pytest.raises(StripeRefused):
        open_checkout(order, **URLS)
    refused = order.checkouts.get()
    assert refused.state == "refused"
    assert refused.refusal
    with pytest.raises(StripeRefused):
        open_checkout(order, **URLS)
    assert order.checkouts.count() == 2


def test_a_session_about_to_end_is_replaced(order: Order, stripe: Any) -> None:
    open_checkout(order, **URLS)
    first = session_id(order)
    order.checkouts.update(expires_at=timezone.now() + timedelta(seconds=30))
    open_checkout(order, **URLS)
    assert session_id(order) != first
    assert gateway.retrieve_session(first)["status"] == "expired"
    assert list(order.checkouts.values_list("state", flat=True)) == ["open", "expired"]


def test_the_return_page_needs_no_worker_and_no_webhook(order: Order, stripe: Any, client: Client) -> None:
    open_checkout(order, **URLS)
    stripe.pay(session_id(order))
    answer = client.get("/payment/completed/", {"session_id": session_id(order)})
    assert answer.status_code == 302
    order.refresh_from_db()
    payment = Payment.objects.get()
    assert order.state == "paid"
    assert (payment.card_brand, payment.card_last4) == ("visa", "4242")
    assert Invoice.objects.get().order == order


def test_a_webhook_that_is_quicker_than_the_customer_leaves_nothing_to_do(
    order: Order, stripe: Paywright, client: Client
) -> None:
    open_checkout(order, **URLS)
    stripe.pay(session_id(order))
    for told in stripe.events("checkout.session.completed"):
        deliver(json.dumps(told).encode())
    drain()
    answer = client.get("/payment/completed/", {"session_id": session_id(order)}, follow=True)
    assert 'data-order-state="paid"' in answer.content.decode()
    assert (Invoice.objects.count(), Payment.objects.count()) == (1, 1)


def test_a_declined_card_leaves_the_order_unpaid_and_payable(order: Order, stripe: Any, client: Client) -> None:
    url = open_checkout(order, **URLS)
    stripe.pay(session_id(order), card="4000000000000002")
    client.get("/payment/completed/", {"session_id": session_id(order)})
    order.refresh_from_db()
    assert order.state == "placed"
    assert open_checkout(order, **URLS) == url


def test_an_overdue_order_is_expired_with_its_session(order: Order, stripe: Any) -> None:
    open_checkout(order, **URLS)
    order = make_overdue(order)
    assert enqueue_overdue() == 1
    assert expire_order(order)
    order.refresh_from_db()
    assert order.state == "expired"
    assert gateway.retrieve_session(session_id(order))["status"] == "expired"


def press_while_stripe_is_away(order: Order, settings: Any) -> None:
    working, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    with pytest.raises(StripeUnavailable):
        open_checkout(order, **URLS)
    settings.STRIPE_API_BASE = working


def end_of_intention(order: Order, after: timedelta) -> None:
    """As if so much of the intended session's time were left now."""
    intention = order.checkouts.get()
    intention.expires_at = timezone.now() + after
    intention.params["expires_at"] = int(intention.expires_at.timestamp())
    intention.save()


def test_an_overdue_order_whose_session_never_came_to_be_is_expired(order: Order, stripe: Any, settings: Any) -> None:
    press_while_stripe_is_away(order, settings)
    end_of_intention(order, after=timedelta(seconds=-1))
    order = make_overdue(order)
    assert expire_order(order)
    order.refresh_from_db()
    assert (order.state, order.checkouts.get().state) == ("expired", "refused")


def test_one_press_suffices_long_after_stripe_did_not_answer(order: Order, stripe: Any, settings: Any) -> None:
    press_while_stripe_is_away(order, settings)
    end_of_intention(order, after=timedelta(minutes=29))
    assert open_checkout(order, **URLS)
    assert list(order.checkouts.values_list("state", flat=True)) == ["open", "refused"]


def test_a_key_that_stripe_refuses_decides_nothing(order: Order, stripe: Any, settings: Any) -> None:
    right, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "not_a_key"
    with pytest.raises(StripeUnavailable):
        open_checkout(order, **URLS)
    with pytest.raises(StripeUnavailable):
        expire_order(make_overdue(order))
    settings.STRIPE_SECRET_KEY = right
    assert open_checkout(order, **URLS)
    assert order.checkouts.count() == 1


def test_expiry_loses_to_a_payment(order: Order, stripe: Any) -> None:
    open_checkout(order, **URLS)
    order = make_overdue(order)
    stripe.pay(session_id(order))
    assert not expire_order(order)
    order.refresh_from_db()
    assert order.state == "paid"


def test_nothing_is_expired_while_stripe_does_not_answer(order: Order, stripe: Any, settings: Any) -> None:
    open_checkout(order, **URLS)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(StripeUnavailable):
        expire_order(make_overdue(order))
    order.refresh_from_db()
    assert order.state == "placed"


def test_a_bank_debit_that_fails_at_last_leaves_the_order_payable(stripe: Paywright, client: Client) -> None:
    order = Order.place(lines=[replace(TEA, unit_price_minor=1_450)], customer=CUSTOMER, currency="EUR", language="en")
    open_checkout(order, **URLS)
    # Stripe's test IBAN whose debit is refused three minutes later (docs.stripe.com/testing).
    stripe.pay(session_id(order), iban="AT051904300235473205")
    client.get("/payment/completed/", {"session_id": session_id(order)})
    assert order.payments.get().status == "processing"
    with pytest.raises(OrderNotPayable):
        open_checkout(order, **URLS)
    assert not expire_order(make_overdue(order)), "it may still be paid"
    stripe.advance("5m")
    assert expire_order(make_overdue(order))
    assert order.payments.get().status == "failed"


@pytest.mark.parametrize("livemode", [False, True])
def test_a_payment_on_its_way_in_a_sandbox_that_is_gone_ends_with_its_order(
    order: Order, stripe: Paywright, livemode: bool
) -> None:
    order.checkouts.create(state="complete", session_id="cs_gone", expires_at=timezone.now())
    order.payments.create(
        payment_intent_id="pi_gone",
        status="processing",
        livemode=livemode,
        amount_minor=order.total_minor,
        currency=order.currency,
    )
    Order.objects.update(livemode=livemode)
    order.refresh_from_db()
    if livemode:
        # Real money may still come: under the keys of another account nothing is known of it.
        with pytest.raises(StripeRefused):
            expire_order(make_overdue(order))
        return
    assert expire_order(make_overdue(order))
    order.refresh_from_db()
    assert (order.state, order.payments.get().status) == ("expired", "failed")


def test_an_order_that_cannot_be_expired_does_not_stand_before_the_others(order: Order, stripe: Paywright) -> None:
    open_checkout(order, **URLS)
    # Test keys instead of live ones: the session is not there, but may well be paid.
    order.checkouts.update(session_id="cs_live_1")
    Order.objects.update(livemode=True)
    make_overdue(order)
    enqueue_overdue()
    drain()
    assert Job.objects.get(kind="payments.expire_order").state == "parked"
    assert enqueue_overdue() == 0
    order.refresh_from_db()
    assert order.state == "placed"


@pytest.mark.parametrize("including", [True, False])
def test_what_is_discounted_or_taxed_on_top_is_charged_to_the_unit(stripe: Any, including: bool) -> None:
    lines = [item(name="Cup", quantity=3, unit_price_minor=5_555), item(name="Tea", quantity=1, unit_price_minor=2_000)]
    order = place_order(lines=lines, prices_include_tax=including, discount_minor=1_000)
    open_checkout(order, **URLS)
    stripe.pay(session_id(order))
    apply(gateway.retrieve_session(session_id(order)))
    order.refresh_from_db()
    assert (order.state, order.total_minor) == ("paid", 17_665 if including else 19_432)
