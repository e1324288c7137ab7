"""How long an order waits for money, and what ends it."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jumun.audit import findings
from jumun.errors import OrderNotPayable, StripeRefused, StripeUnavailable
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from jumun.payments.checkout.end_unpaid_orders import cancel_order, enqueue_left_open, enqueue_overdue, expire_order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import make_overdue, place_order
from tests.payments.paying import URLS, session_id
from tests.payments.stripe_says import session_of
from tests.races import at_once

pytestmark = pytest.mark.django_db


def ends_in(order: Order, **span: float) -> Order:
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() + timedelta(**span))
    return Order.objects.get(pk=order.pk)


def test_who_presses_pay_at_the_last_moment_gets_the_whole_time_of_a_session(stripe: Paywright) -> None:
    order = ends_in(place_order(), seconds=20)
    open_checkout(order, **URLS)
    checkout = order.checkouts.get()
    order.refresh_from_db()
    assert order.expires_at >= checkout.expires_at >= timezone.now() + timedelta(minutes=30)


def test_a_job_from_before_the_press_does_not_close_the_session(stripe: Paywright) -> None:
    order = make_overdue(place_order())
    enqueue_overdue()
    open_checkout(order, **URLS)
    drain()
    order.refresh_from_db()
    assert (order.state, order.checkouts.get().state) == ("placed", "open")


def test_the_customer_of_a_long_waiting_shop_loses_nothing(stripe: Paywright) -> None:
    order = ends_in(place_order(), days=7)
    open_checkout(order, **URLS)
    order.refresh_from_db()
    assert order.expires_at > timezone.now() + timedelta(days=6)


def test_a_page_left_open_in_another_tab_is_closed_once_the_order_is_paid(stripe: Paywright) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    apply(session_of(order, id="cs_test_first"))
    assert [enqueue_left_open(), enqueue_left_open()] == [1, 0]
    drain()
    assert gateway.retrieve_session(session_id(order))["status"] == "expired"
    assert order.checkouts.get().state == "expired"
    assert list(findings()) == []


def test_one_that_only_another_account_knows_is_given_up(stripe: Paywright) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    Checkout.objects.update(session_id="cs_test_of_another_account")
    apply(session_of(order, id="cs_test_first"))
    enqueue_left_open()
    drain()
    assert order.checkouts.get().state not in Checkout.UNFINISHED
    assert not Job.objects.filter(state="parked").exists()


def test_an_order_is_cancelled_with_its_session(stripe: Paywright) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    assert cancel_order(order)
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert gateway.retrieve_session(session_id(order))["status"] == "expired"
    with pytest.raises(AssertionError, match="cannot be paid"):
        stripe.pay(session_id(order))


def test_cancelling_loses_to_a_payment(stripe: Paywright) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    stripe.pay(session_id(order))
    assert not cancel_order(order)
    order.refresh_from_db()
    assert order.state == "paid"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_whatever_ends_an_order_at_once_a_paid_one_stays_paid(stripe: Paywright, _round: int) -> None:
    """The webhook, the page of return, the expiry and staff, all in the same instant as the customer's payment."""
    order = place_order()
    open_checkout(order, **URLS)
    make_overdue(order)
    session = session_id(order)

    def pay() -> None:
        with suppress(AssertionError):  # expired before
            stripe.pay(session)

    def act(index: int) -> Any:
        mine = Order.objects.get(pk=order.pk)
        acts: list[Any] = [
            pay,
            lambda: expire_order(mine),
            lambda: cancel_order(mine),
            lambda: Client().get("/payment/completed/", {"session_id": session}).status_code,
            lambda: apply(gateway.retrieve_session(session)),
            lambda: expire_order(mine),
        ]
        return acts[index]()

    at_once(6, act)
    apply(gateway.retrieve_session(session))
    order.refresh_from_db()
    taken = gateway.retrieve_session(session)["payment_status"] == "paid"
    assert (order.state == "paid") == taken
    assert (order.closed_at is None) == taken, "a paid order had not even to be revived"
    assert Payment.objects.filter(settles_order=True).count() == int(taken)


def test_a_session_of_the_sandbox_ends_although_stripe_does_not_know_it(stripe: Paywright) -> None:
    """Real keys in place of the sandbox: what was open there takes no real money."""
    order = place_order()
    open_checkout(order, **URLS)
    order.checkouts.update(session_id="cs_test_of_the_sandbox")
    make_overdue(order)
    enqueue_overdue()
    drain()
    order.refresh_from_db()
    assert (order.state, order.checkouts.get().state) == ("expired", "expired")
    assert "No such" in order.checkouts.get().refusal
    assert not Job.objects.filter(state="parked").exists()


def test_however_many_expiries_were_given_up_newer_ones_get_their_turn(
    stripe: Paywright, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jumun.payments.checkout.end_unpaid_orders.BATCH", 5)
    stuck = [ends_in(place_order(), hours=-1) for _ in range(5)]
    assert enqueue_overdue() == len(stuck)
    Job.objects.update(state="parked")
    newer = make_overdue(place_order())
    assert [enqueue_overdue() for _ in range(2)] == [1, 0]
    drain()
    newer.refresh_from_db()
    assert newer.state == "expired"


def test_an_expiry_that_was_given_up_is_taken_up_again_the_next_day(
    stripe: Paywright, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe was away for longer than a job tries."""
    order = make_overdue(place_order())
    enqueue_overdue()
    Job.objects.update(state="parked")
    enqueue_overdue()
    assert Job.objects.count() == 1
    tomorrow = timezone.now() + timedelta(days=1)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: tomorrow)
        enqueue_overdue()
        drain()
    order.refresh_from_db()
    assert order.state == "expired"


def test_a_page_of_the_sandbox_is_replaced_when_stripe_has_taken_over(stripe: Paywright, settings: Any) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    order.checkouts.update(url="https://checkout.stripe.com/c/pay/cs_test_1", session_id="cs_test_1")
    url = open_checkout(order, **URLS)
    assert url.startswith(stripe.api_base)
    assert list(order.checkouts.values_list("state", flat=True)) == ["open", "expired"]


def live_order_with_a_session_of_another_account(stripe: Paywright, *, ended: bool) -> Order:
    order = place_order()
    open_checkout(order, **URLS)
    order.checkouts.update(session_id="cs_live_1", expires_at=timezone.now() + timedelta(minutes=-6 if ended else 6))
    Order.objects.update(livemode=True)
    return make_overdue(order)


def test_a_live_session_of_another_account_ends_when_it_can_no_longer_be_paid(stripe: Paywright, settings: Any) -> None:
    order = live_order_with_a_session_of_another_account(stripe, ended=True)
    settings.STRIPE_SECRET_KEY = "rk_live_1"
    with pytest.raises(StripeUnavailable):
        expire_order(order)  # the sandbox knows no live key: nothing is known


@pytest.mark.parametrize("ended", [True, False])
def test_test_keys_prove_nothing_of_a_live_session(stripe: Paywright, ended: bool) -> None:
    order = live_order_with_a_session_of_another_account(stripe, ended=ended)
    with pytest.raises(StripeRefused):
        expire_order(order)
    order.refresh_from_db()
    assert order.state == "placed"


def test_a_test_order_is_never_paid_with_real_money(client: Client, settings: Any) -> None:
    order = place_order()
    settings.STRIPE_SECRET_KEY = "sk_live_1"
    with pytest.raises(OrderNotPayable):
        open_checkout(order, **URLS)
    page = client.get(order.get_customer_url(), headers={"Accept-Language": "en"}).content.decode()
    assert "This order was a test and cannot be paid." in page
    assert 'action="/payment/process/"' not in page


def test_a_corrected_address_for_mails_is_what_the_next_session_says(stripe: Paywright) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    first = session_id(order)
    Order.objects.update(email="new@example.com")
    order.refresh_from_db()
    open_checkout(order, **URLS)
    assert session_id(order) != first
    assert gateway.retrieve_session(first)["status"] == "expired"
    assert gateway.retrieve_session(session_id(order))["customer_email"] == "new@example.com"
