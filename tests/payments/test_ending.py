"""An order ends unpaid only where nobody can pay it any more."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.errors import BooksOutdated, StripeRefused
from jumun.invoices.models import Restoration
from jumun.orders.models import Order
from jumun.payments.checkout import end_unpaid_orders
from jumun.payments.checkout.close import close
from jumun.payments.checkout.open import open_checkout
from jumun.payments.models import Checkout, Payment
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.paying import URLS

pytestmark = pytest.mark.django_db


def test_a_checkout_opened_while_another_is_being_closed_keeps_the_order_payable(
    stripe: Paywright, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place_order()
    open_checkout(order, **URLS)

    def close_and_open_again(checkout: Checkout) -> None:
        close(checkout)
        open_checkout(Order.objects.get(pk=order.pk), **URLS)

    monkeypatch.setattr(end_unpaid_orders, "close", close_and_open_again)
    ended: list[Any] = []
    assert not end_unpaid_orders.end_unpaid(order, ended.append)
    order.refresh_from_db()
    assert (ended, order.state) == ([], "placed")
    assert order.expires_at > timezone.now() + timedelta(minutes=59)


def test_until_stripe_has_told_what_a_restored_backup_lacks_nothing_ends_and_nobody_is_sent_to_pay() -> None:
    order = place_order()
    Restoration.objects.create(livemode=False, taken_at=timezone.now())
    with pytest.raises(BooksOutdated):
        end_unpaid_orders.end_unpaid(order, Order.expire)
    with pytest.raises(BooksOutdated):
        open_checkout(order, **URLS)


def checkout_of(order: Order, **values: Any) -> Checkout:
    given = {"state": "open", "session_id": f"cs_{order.pk}", "expires_at": timezone.now() + timedelta(hours=1)}
    return Checkout.objects.create(order=order, **given | values)


def payment_of(order: Order, status: str, **values: Any) -> Payment:
    given = {"payment_intent_id": f"pi_{order.pk}_{status}", "livemode": order.livemode, "currency": "KRW"}
    return Payment.objects.create(order=order, status=status, amount_minor=order.total_minor, **given | values)


@pytest.mark.parametrize("gone", [True, False])
def test_what_stripe_does_not_know_is_over_for_a_test_order_alone(stripe: Paywright, gone: bool) -> None:
    order = place_order()
    Order.objects.filter(pk=order.pk).update(livemode=not gone)
    checkout = checkout_of(Order.objects.get(pk=order.pk))
    if gone:
        close(checkout)
        assert (checkout.state, "No such" in checkout.refusal) == ("expired", True)
        assert order.timeline.filter(kind="checkout_expired").count() == 1
    else:
        with pytest.raises(StripeRefused):
            close(checkout)
        checkout.refresh_from_db()
        assert checkout.state == "open"


@pytest.mark.parametrize(
    ("code", "livemode", "key", "ended_ago", "is_gone"),
    [
        ("resource_missing", False, "sk_test_x", timedelta(hours=-1), True),
        ("other", False, "sk_test_x", timedelta(hours=1), False),
        ("resource_missing", True, "sk_test_x", timedelta(hours=1), False),
        ("resource_missing", True, "sk_live_x", timedelta(minutes=6), True),
        ("resource_missing", True, "sk_live_x", timedelta(minutes=5), False),
        ("resource_missing", True, "sk_live_x", timedelta(hours=-1), False),
        ("other", True, "sk_live_x", timedelta(hours=1), False),
    ],
)
def test_a_live_session_is_over_once_it_must_have_ended_by_any_clock(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    livemode: bool,
    key: str,
    ended_ago: timedelta,
    is_gone: bool,
) -> None:
    settings.STRIPE_SECRET_KEY = key
    now = timezone.now()
    monkeypatch.setattr("jumun.payments.checkout.close.timezone.now", lambda: now)
    order = place_order()
    Order.objects.filter(pk=order.pk).update(livemode=livemode)
    checkout = checkout_of(Order.objects.get(pk=order.pk), expires_at=now - ended_ago)

    def refuse(_session_id: str) -> None:
        raise StripeRefused("no", code=code)

    monkeypatch.setattr("jumun.payments.checkout.close._final_state", refuse)
    if is_gone:
        close(checkout)
    else:
        with pytest.raises(StripeRefused):
            close(checkout)
    checkout.refresh_from_db()
    assert checkout.state == ("expired" if is_gone else "open")


def test_one_that_is_paid_or_over_already_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe is not even asked."""
    monkeypatch.delattr("jumun.payments.checkout.close.gateway")
    for state in ("complete", "expired"):
        checkout = checkout_of(place_order(), state=state)
        close(checkout)
        assert checkout.state == state


def test_one_that_is_open_is_closed_without_being_made_again(
    stripe: Paywright, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    monkeypatch.delattr(gateway, "create_session")
    checkout = order.checkouts.get()
    close(checkout)
    assert checkout.state == "expired"


def test_an_order_ends_with_its_open_session_and_no_other(stripe: Paywright) -> None:
    order, other = place_order(), place_order()
    for one in (order, other):
        open_checkout(one, **URLS)
    checkout_of(order, state="expired", session_id="cs_long_ago")
    payment_of(order, "failed")
    assert end_unpaid_orders.end_unpaid(order, Order.expire)
    assert sorted(order.checkouts.values_list("state", flat=True)) == ["expired", "expired"]
    assert gateway.retrieve_session(str(order.checkouts.latest("-pk").session_id))["status"] == "expired"
    assert (other.checkouts.get().state, Order.objects.get(pk=other.pk).state) == ("open", "placed")


def test_an_order_whose_debit_is_on_its_way_waits_an_hour_longer(stripe: Paywright) -> None:
    order = place_order()
    Order.objects.update(expires_at=timezone.now() - timedelta(hours=3))
    payment_of(order, "processing")
    assert not end_unpaid_orders.end_unpaid(Order.objects.get(pk=order.pk), Order.expire)
    order.refresh_from_db()
    assert order.state == "placed"
    assert order.expires_at - timezone.now() == pytest.approx(timedelta(hours=1), abs=timedelta(minutes=1))


def test_a_debit_that_failed_in_a_sandbox_that_is_gone_frees_its_order_alone(stripe: Paywright) -> None:
    order, other = place_order(), place_order()
    for one in (order, other):
        checkout_of(one, state="complete")
        payment_of(one, "processing")
    payment_of(order, "unpaid")
    checkout_of(order, state="refused", session_id=None)
    assert end_unpaid_orders.end_unpaid(order, Order.expire)
    assert set(order.payments.values_list("status", flat=True)) == {"failed", "unpaid"}
    assert other.payments.get().status == "processing"


def test_an_end_that_fails_has_ended_nothing(stripe: Paywright) -> None:
    order = place_order()

    def fail(locked: Order) -> bool:
        raise RuntimeError(locked.expire())

    with pytest.raises(RuntimeError, match="True"):
        end_unpaid_orders.end_unpaid(order, fail)
    order.refresh_from_db()
    assert order.state == "placed"


@pytest.mark.parametrize(("status", "asked"), [("processing", True), ("failed", False)])
def test_only_of_a_debit_on_its_way_stripe_is_asked_and_another_refusal_decides_nothing(
    stripe: Paywright, monkeypatch: pytest.MonkeyPatch, status: str, asked: bool
) -> None:
    order = place_order()
    checkout_of(order, state="complete")
    checkout_of(order, state="expired", session_id="cs_long_ago")
    payment_of(order, status)
    asked_of: list[str] = []

    def refuse(session_id: str) -> None:
        asked_of.append(session_id)
        raise StripeRefused("no", code="rate_limit" if session_id == f"cs_{order.pk}" else "resource_missing")

    monkeypatch.setattr(gateway, "retrieve_session", refuse)
    if asked:
        with pytest.raises(StripeRefused):
            end_unpaid_orders.end_unpaid(order, Order.expire)
    else:
        assert end_unpaid_orders.end_unpaid(order, Order.expire)
    assert asked_of == ([f"cs_{order.pk}"] if asked else [])
    assert order.payments.get().status == status


def test_a_debit_is_given_up_with_its_entry_in_the_timeline_or_not_at_all(
    stripe: Paywright, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place_order()
    checkout_of(order, state="complete")
    payment_of(order, "processing")
    monkeypatch.setattr(Payment, "save", None)
    with pytest.raises(TypeError):
        end_unpaid_orders.end_unpaid(order, Order.expire)
    assert not order.timeline.filter(kind="payment_failed").exists()
