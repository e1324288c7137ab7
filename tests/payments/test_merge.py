from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from jumun.audit import findings
from jumun.conf import jumun
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment, QuarantinedSnapshot
from jumun.payments.stripe.snapshots import SessionSnapshot
from tests.examples import some
from tests.orders.placing import CUSTOMER, TEA
from tests.payments.stripe_says import charge_of, session_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return Order.place(lines=[TEA], customer=CUSTOMER, language="ko")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount_total": 65_999}, "amount"),
        ({"amount_total": 66_001}, "amount"),
        ({"currency": "usd"}, "currency"),
        ({"livemode": True}, "livemode"),
        ({"client_reference_id": "somebody-elses"}, "unknown_order"),
    ],
)
def test_a_session_that_does_not_match_is_quarantined_and_pays_nothing(
    order: Order, change: dict[str, Any], reason: str
) -> None:
    session = session_of(order, **change)
    for _ in range(2):
        apply(session)
    order.refresh_from_db()
    assert order.state == "placed"
    assert not Invoice.objects.exists()
    assert QuarantinedSnapshot.objects.get().reason == reason


def test_of_an_unknown_order_only_money_is_for_staff_to_decide_about(order: Order) -> None:
    """As after a backup was restored that lacks the order of a page on which somebody pays."""
    unknown = session_of(order, client_reference_id="lost-with-the-disk", status="open", payment_status="unpaid")
    apply(unknown)
    apply(unknown | {"status": "complete"})
    assert not QuarantinedSnapshot.objects.exists()
    apply(unknown | {"status": "complete", "payment_status": "paid"})
    assert QuarantinedSnapshot.objects.get().reason == "unknown_order"


def test_sessions_of_other_shops_on_the_same_account_are_left_alone(order: Order) -> None:
    foreign = session_of(order, client_reference_id=None, metadata={"shop": "another"})
    assert apply(foreign) is None
    assert not QuarantinedSnapshot.objects.exists()


def test_the_old_shops_references_are_no_orders_of_ours(order: Order) -> None:
    """It named its orders in `client_reference_id` too, and has taken money for all of them."""
    old = session_of(order, client_reference_id="10023", metadata={})
    for session in (old, old | {"metadata": None}, old | {"metadata": {"shop": "old"}}):
        assert apply(session) is None
    assert not QuarantinedSnapshot.objects.exists()
    apply(session_of(order, metadata={}))
    order.refresh_from_db()
    assert order.state == "paid", "our own reference is enough where we know the order"


def test_another_site_on_the_same_account_has_its_own_orders(order: Order) -> None:
    theirs = {"order_reference": "theirs", "site": "https://staging.example"}
    session = session_of(order, client_reference_id="theirs", metadata=theirs)
    intent = {"id": "pi_theirs", "livemode": False, "amount": 1, "currency": "krw", "metadata": theirs}
    refund = {"id": "re_1", "object": "refund", "amount": 1, "currency": "krw", "metadata": theirs}
    told = [session, refund | {"payment_intent": "pi_theirs"}, refund | {"payment_intent": intent}]
    assert [apply(snapshot) for snapshot in told] == [None] * 3
    assert not QuarantinedSnapshot.objects.exists()
    apply(session | {"metadata": theirs | {"site": jumun().site_url}})
    assert QuarantinedSnapshot.objects.get().reason == "unknown_order"


def test_an_order_keeps_its_payment_when_its_site_moves(order: Order) -> None:
    apply(session_of(order, metadata={"order_reference": order.reference, "site": "https://old.example"}))
    order.refresh_from_db()
    assert order.state == "paid"


def test_setups_and_subscriptions_of_others_are_left_alone(order: Order) -> None:
    theirs = session_of(order, client_reference_id="user-17", metadata={})
    assert apply(theirs | {"mode": "setup", "amount_total": None, "currency": None}) is None
    assert apply(theirs | {"mode": "subscription"}) is None
    assert not QuarantinedSnapshot.objects.exists()


def test_a_second_payment_of_one_order_is_noticed(order: Order) -> None:
    first, second = session_of(order), session_of(order)
    for session in (first, second, first, second):
        apply(session)
    assert Invoice.objects.count() == 1
    quarantined = QuarantinedSnapshot.objects.get()
    assert (quarantined.object_id, quarantined.reason) == (second["id"], "second_payment")


def test_what_was_taken_although_it_does_not_match_is_in_the_books(order: Order) -> None:
    apply(session_of(order, amount_total=65_999))
    payment = Payment.objects.get()
    assert (payment.amount_minor, payment.status, payment.rejection_reason) == (65_999, "paid", "amount")
    assert not payment.settles_order
    assert QuarantinedSnapshot.objects.get().payment == payment
    assert not Job.objects.filter(kind="payments.auto_refund").exists(), "staff decide"


def test_money_taken_later_by_what_did_not_match_is_for_staff_to_decide_anew(order: Order) -> None:
    pending = session_of(order, amount_total=65_999, payment_status="unpaid")
    apply(pending)
    assert QuarantinedSnapshot.objects.get().resolve(by=None)
    for snapshot in (pending | {"payment_status": "paid"}, pending):
        apply(snapshot)
    quarantined = QuarantinedSnapshot.objects.get()
    assert (quarantined.payment, quarantined.is_resolved) == (Payment.objects.get(), False)
    assert "I9" not in {finding.invariant for finding in findings()}


def test_a_session_that_took_nothing_does_not_match_either(order: Order) -> None:
    free = {"payment_status": "no_payment_required", "payment_intent": None}
    apply(session_of(order, amount_total=0, **free))
    apply(session_of(order, **free))
    order.refresh_from_db()
    assert order.state == "placed"
    assert sorted(QuarantinedSnapshot.objects.values_list("reason", flat=True)) == ["amount", "no_payment"]


def test_one_payment_cannot_pay_two_orders(order: Order) -> None:
    other = Order.place(lines=[TEA], customer=CUSTOMER)
    session = session_of(order)
    apply(session)
    apply(session_of(other, payment_intent=session["payment_intent"]))
    other.refresh_from_db()
    assert other.state == "placed"
    assert QuarantinedSnapshot.objects.get().reason == "foreign_payment"


def test_a_method_that_takes_days_is_processing_until_it_is_paid(order: Order) -> None:
    pending = session_of(order, payment_status="unpaid")
    apply(pending)
    order.refresh_from_db()
    assert (order.state, Payment.objects.get().status) == ("placed", "processing")
    apply(pending | {"payment_status": "paid"})
    apply(pending)
    order.refresh_from_db()
    assert (order.state, Payment.objects.get().status) == ("paid", "paid")


def test_a_method_that_fails_in_the_end_frees_the_order_for_another_try(order: Order) -> None:
    pending = session_of(order, payment_status="unpaid")
    intent = pending["payment_intent"]
    failed = pending | {"payment_intent": intent | {"status": "requires_payment_method", "latest_charge": None}}
    for snapshot in (pending, failed, pending):
        apply(snapshot)
    assert Payment.objects.get().status == "failed"
    apply(session_of(order))
    order.refresh_from_db()
    assert order.state == "paid"


def test_a_declined_charge_says_nothing_about_the_card_that_paid(order: Order) -> None:
    apply(charge_of(order, "pi_3x", status="failed"))
    assert not Payment.objects.exists()


def test_a_charge_alone_pays_nothing_but_tells_the_card(order: Order) -> None:
    apply(charge_of(order, "pi_3x"))
    order.refresh_from_db()
    assert order.state == "placed"
    apply(session_of(order, payment_intent="pi_3x"))
    assert Invoice.objects.get().document.paid.card_last4 == "4242"


def test_an_answer_that_was_lost_is_recognised_by_its_metadata(order: Order) -> None:
    checkout = Checkout.objects.create(
        order=order, expires_at=timezone.now(), params={"metadata": {"checkout": "its-name"}}
    )
    session = session_of(order)
    # The ids of rows are given again after a restored backup: they are no names.
    apply(session | {"metadata": session["metadata"] | {"checkout": str(checkout.pk)}, "status": "expired"})
    checkout.refresh_from_db()
    assert checkout.state == "creating"
    apply(session | {"metadata": session["metadata"] | {"checkout": "its-name"}})
    checkout.refresh_from_db()
    assert (checkout.state, checkout.session_id) == ("complete", session["id"])


def test_an_order_whose_session_expired_waits_on(order: Order) -> None:
    session = session_of(order, status="expired", payment_status="unpaid", payment_intent=None)
    checkout = Checkout.objects.create(order=order, state="open", session_id=session["id"], expires_at=timezone.now())
    apply(session)
    checkout.refresh_from_db()
    order.refresh_from_db()
    assert (checkout.state, order.state) == ("expired", "placed")


def test_a_status_that_we_do_not_know_changes_nothing(order: Order) -> None:
    session = session_of(order, status="processing_later", payment_status="unpaid", payment_intent=None)
    checkout = Checkout.objects.create(order=order, state="open", session_id=session["id"], expires_at=timezone.now())
    apply(session)
    checkout.advance(SessionSnapshot.parse(session))
    assert checkout.state == "open"


def test_where_the_charge_is_not_told_the_payment_was_made_when_the_event_was(order: Order) -> None:
    apply(session_of(order, payment_intent="pi_bare"), at=order.placed_at)
    assert Payment.objects.get().paid_at == order.placed_at


def story_of(order: Order) -> list[dict[str, Any]]:
    """The life of one payment as Stripe tells it: session opened, charged, submitted, paid, charge updated."""
    paid = session_of(order)
    intent_id = paid["payment_intent"]["id"]
    checkout = Checkout.objects.create(order=order, session_id=paid["id"], expires_at=timezone.now())
    assert checkout.state == "creating"
    return [
        paid | {"status": "open", "payment_status": "unpaid", "payment_intent": None, "url": "https://x/"},
        charge_of(order, intent_id),
        paid | {"payment_status": "unpaid", "payment_intent": intent_id},
        paid,
        charge_of(order, intent_id, balance_transaction="txn_1"),
    ]


def end_of(arrival: list[int]) -> tuple[Any, ...]:
    """The books of a fresh order after its story came in that order."""
    order = Order.place(lines=[TEA], customer=CUSTOMER, language="en")
    story = story_of(order)
    for index in arrival:
        apply(story[index])
    order.refresh_from_db()
    checkout, payment = order.checkouts.get(), order.payments.get()
    return (
        (order.state, order.invoice.document.total_minor, order.quarantined.count()),
        (checkout.state, payment.status, payment.card_brand, payment.card_last4, payment.settles_order),
    )


class AnyOrderOfArrival(TestCase):
    """Whatever comes first, twice or late, the books end the same."""

    @some
    @given(
        arrival=st.lists(st.sampled_from(range(5)), max_size=6).flatmap(
            lambda repeated: st.permutations([*range(5), *repeated])
        )
    )
    def test_the_books_end_the_same(self, arrival: list[int]) -> None:
        assert end_of(arrival) == (("paid", 66_000, 0), ("complete", "paid", "visa", "4242", True))
