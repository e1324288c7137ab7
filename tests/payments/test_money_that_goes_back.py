"""A payment that its order cannot use is neither kept in silence nor booked: it goes back, and both sides are told."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from jumun.audit import findings
from jumun.conf import jumun
from jumun.errors import OutOfStock, RefundUnderWay
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.orders.signals import order_paid
from jumun.outbox.models import Job
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import Payment, QuarantinedSnapshot, Reconciliation, Refund
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.reconcile.internal_checks import internal_checks
from jumun.payments.refunds.automatic import auto_refund
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import place_order
from tests.payments.disputing import LOSING, WINNING, answer
from tests.payments.paying import (
    FAILING_REFUND_CARD,
    URLS,
    buy,
    hear,
    pay_unnoticed,
    refunds_at_stripe,
    session_id,
    work,
)
from tests.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold_out() -> Any:
    """Somebody else has the goods of every order that is paid late."""

    def refuse(order: Order, **_: Any) -> None:
        if order.closed_at:
            raise OutOfStock("CUP-1", 0)

    order_paid.connect(refuse)
    yield
    order_paid.disconnect(refuse)


def paid_after_its_end(stripe: Paywright, *, end: Any = Order.expire, **values: Any) -> Order:
    """An order that ended while its customer was paying, and the news of that payment."""
    order = pay_unnoticed(stripe, **values)
    assert end(order)
    apply(gateway.retrieve_session(session_id(order)))
    order.refresh_from_db()
    return order


@pytest.mark.parametrize("end", [Order.expire, Order.cancel])
def test_an_order_whose_goods_can_be_had_again_is_revived(stripe: Paywright, end: Any) -> None:
    order = paid_after_its_end(stripe, end=end)
    assert order.state == "paid"
    assert order.payments.get().settles_order
    assert Invoice.objects.get().order == order
    assert not QuarantinedSnapshot.objects.exists()
    work()
    assert not Refund.objects.exists()
    assert list(findings()) == []


def test_one_whose_goods_are_gone_is_refunded_without_being_asked(stripe: Paywright, sold_out: None) -> None:
    order = paid_after_its_end(stripe)
    assert order.state == "expired"
    work()
    payment, refund = order.payments.get(), Refund.objects.get()
    assert (refund.status, refund.amount_minor, refund.by) == ("succeeded", order.total_minor, None)
    assert (payment.rejection_reason, payment.settles_order, payment.kept_minor) == ("paid_after_close", False, 0)
    assert not Invoice.objects.exists()
    assert not CreditNote.objects.exists()
    assert list(findings()) == []


@pytest.mark.parametrize(("language", "words"), [("ko", "돌려"), ("en", "no longer available")])
def test_the_customer_is_told_once_in_their_language(
    stripe: Paywright, sold_out: None, language: str, words: str
) -> None:
    order = paid_after_its_end(stripe, language=language)
    work()
    hear(stripe, order.payments.get().payment_intent_id, "refund.created", "charge.refunded")
    work()
    [message] = [message for message in mail.outbox if message.to == [order.email]]
    assert words in message.body
    assert "₩11,000" in message.body
    assert order.number in message.subject


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "종료된 주문의 결제"), ("en", "paid after the order was closed")]
)
def test_the_shop_is_told_once_in_its_language(
    stripe: Paywright, sold_out: None, settings: Any, language: str, words: str
) -> None:
    settings.LANGUAGE_CODE = language
    order = paid_after_its_end(stripe, language="ko" if language == "en" else "en")
    payment = order.payments.get()
    work()
    hear(stripe, payment.payment_intent_id, "refund.created", "charge.refunded")
    work()
    [message] = [message for message in mail.outbox if message.to == [jumun().seller.email]]
    assert order.number in message.subject
    assert words in message.body
    assert "₩11,000" in message.body
    assert payment.stripe_url in message.body


def test_the_customer_reads_it_on_the_orders_page(stripe: Paywright, sold_out: None, client: Client) -> None:
    order = paid_after_its_end(stripe)
    page = client.get(order.get_customer_url(), headers={"Accept-Language": "en"}).content.decode()
    assert "Your payment arrived after this order had ended" in page
    assert "nothing was charged" not in page


def test_staff_see_it_until_the_money_is_back(stripe: Paywright, sold_out: None) -> None:
    order = paid_after_its_end(stripe)
    row = QuarantinedSnapshot.objects.get()
    assert (row.reason, row.order, row.payment) == ("paid_after_close", order, order.payments.get())
    assert not row.is_resolved
    work()
    row.refresh_from_db()
    assert (row.is_resolved, row.resolved_by) == (True, None)


def test_it_is_decided_once_although_the_goods_come_back(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    order.expire()

    def refuse(**_: Any) -> None:
        raise OutOfStock("CUP-1", 0)

    order_paid.connect(refuse)
    apply(gateway.retrieve_session(session_id(order)))
    order_paid.disconnect(refuse)
    for _ in range(2):
        apply(gateway.retrieve_session(session_id(order)))
    order.refresh_from_db()
    assert order.state == "expired"
    assert not Invoice.objects.exists()
    assert Job.objects.filter(kind="payments.auto_refund").count() == 1


def test_an_order_that_cannot_be_supplied_although_it_waited_is_cancelled(stripe: Paywright) -> None:
    """In a shop that looks for the goods only when they are paid."""
    order = pay_unnoticed(stripe)

    def refuse(**_: Any) -> None:
        raise OutOfStock("CUP-1", 0)

    order_paid.connect(refuse)
    apply(gateway.retrieve_session(session_id(order)))
    order_paid.disconnect(refuse)
    work()
    order.refresh_from_db()
    assert (order.state, order.paid_at) == ("cancelled", None)
    assert order.payments.get().rejection_reason == "paid_after_close"
    assert Refund.objects.get().status == "succeeded"
    assert list(findings()) == []


def pay_twice(stripe: Paywright) -> tuple[Payment, Payment]:
    """An order paid in the session that replaced another, and in the replaced one all the same."""
    order = place_order()
    open_checkout(order, **URLS)
    first = session_id(order)
    # As if the answer to our call had been lost in a way that Stripe does not know: it is open there, not here.
    order.checkouts.get().give_up("no such session")
    open_checkout(order, **URLS)
    for session in (session_id(order), first):
        stripe.pay(session)
        apply(gateway.retrieve_session(session))
    settling, second = order.payments.order_by("pk")
    return settling, second


def test_a_second_payment_goes_back_whole_and_credits_nothing(stripe: Paywright) -> None:
    settling, second = pay_twice(stripe)
    work()
    refund = Refund.objects.get()
    assert (refund.payment, refund.status, refund.reason) == (second, "succeeded", "duplicate")
    assert refund.amount_minor == second.amount_minor
    assert Invoice.objects.count() == 1
    assert not CreditNote.objects.exists()
    assert settling.refundable_minor == settling.amount_minor
    work()
    work()
    told = [message.to for message in mail.outbox if "두 번째 결제" in message.body]
    assert sorted(told) == sorted([[second.order.email], [jumun().seller.email]])
    assert list(findings()) == []


def test_done_again_it_refunds_nothing_more(stripe: Paywright) -> None:
    _settling, second = pay_twice(stripe)
    for _ in range(3):
        auto_refund(Payment.objects.get(pk=second.pk))
    assert refunds_at_stripe(second) == [second.amount_minor]


@pytest.mark.django_db(transaction=True)
def test_eight_workers_refund_a_second_payment_once(stripe: Paywright) -> None:
    _settling, second = pay_twice(stripe)

    def act(_index: int) -> None:
        try:
            auto_refund(Payment.objects.get(pk=second.pk))
        except Exception as error:
            if not getattr(error, "retryable", False):
                raise

    at_once(8, act)
    auto_refund(Payment.objects.get(pk=second.pk))
    assert refunds_at_stripe(second) == [second.amount_minor]


def test_a_stripe_that_is_away_only_delays_it(stripe: Paywright, sold_out: None, settings: Any) -> None:
    paid_after_its_end(stripe)
    working, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    work()
    job = Job.objects.get(kind="payments.auto_refund")
    assert (job.state, Refund.objects.get().status) == ("ready", "creating")
    settings.STRIPE_API_BASE = working
    Job.objects.filter(pk=job.pk).update(run_at=job.created_at)
    work()
    assert Refund.objects.get().status == "succeeded"


def disputed_after_its_end(stripe: Paywright) -> tuple[Order, str]:
    """What was paid too late has been disputed before it could go back."""
    order = paid_after_its_end(stripe)
    payment = order.payments.get()
    dispute = stripe.dispute(payment.payment_intent_id)
    work()
    assert not Job.objects.exclude(state="done").exclude(key__endswith=":recurring").exists()
    hear(stripe, payment.payment_intent_id, "charge.dispute.created", "charge.dispute.funds_withdrawn")
    work()
    return order, dispute["id"]


def test_what_is_disputed_waits_for_the_bank(stripe: Paywright, sold_out: None) -> None:
    order, _dispute = disputed_after_its_end(stripe)
    assert order.payments.get().kept_minor == order.total_minor
    assert not QuarantinedSnapshot.objects.get(reason="paid_after_close").is_resolved
    assert "I9" not in {finding.invariant for finding in findings()}
    run = Reconciliation.begin(since=order.placed_at, repair=False)
    assert "paid_after_close" not in {found.kind for found in internal_checks(run, Comparison(repair=False))}


def test_a_dispute_that_is_won_lets_it_go_back_at_last(stripe: Paywright, sold_out: None) -> None:
    order, dispute = disputed_after_its_end(stripe)
    answer(stripe, dispute, WINNING)
    hear(stripe, order.payments.get().payment_intent_id, "charge.dispute.closed")
    work()
    assert Refund.objects.get(status="succeeded").amount_minor == order.total_minor
    assert QuarantinedSnapshot.objects.get(reason="paid_after_close").is_resolved
    assert list(findings()) == []


def test_a_dispute_that_is_lost_has_returned_it(stripe: Paywright, sold_out: None) -> None:
    order, dispute = disputed_after_its_end(stripe)
    answer(stripe, dispute, LOSING)
    hear(stripe, order.payments.get().payment_intent_id, "charge.dispute.closed")
    work()
    assert not Refund.objects.filter(status="succeeded").exists()
    assert QuarantinedSnapshot.objects.get(reason="paid_after_close").is_resolved
    assert list(findings()) == []


def test_what_the_bank_had_returned_before_it_was_known_is_announced_to_nobody(
    stripe: Paywright, sold_out: None
) -> None:
    """Seed 102 of the simulator on SQLite."""
    order = pay_unnoticed(stripe)
    order.expire()
    [session] = [row["data"]["object"] for row in stripe.events() if row["type"] == "checkout.session.completed"]
    answer(stripe, stripe.dispute(session["payment_intent"])["id"], LOSING)
    hear(stripe, session["payment_intent"], "charge.dispute.created", "charge.dispute.closed")
    apply(session)
    work()
    assert mail.outbox == []
    assert not Refund.objects.exists()
    assert QuarantinedSnapshot.objects.get().is_resolved
    assert list(findings()) == []


def test_a_refund_of_staff_that_is_refused_leaves_nothing_kept(stripe: Paywright) -> None:
    _settling, second = pay_twice(stripe)
    theirs = Refund.objects.create(
        payment=second, idempotency_key="theirs", amount_minor=second.amount_minor, currency="KRW", reason=""
    )
    theirs.freeze({"payment_intent": second.payment_intent_id, "amount": -1})
    # Begun by staff between our two looks at the payment: all of it seems to be on its way.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jumun.payments.refunds.automatic.resume", lambda _refund: None)
        with pytest.raises(RefundUnderWay):
            auto_refund(second)
    auto_refund(second)
    assert refunds_at_stripe(second) == [second.amount_minor]


def test_a_return_that_fails_later_is_for_staff_to_see(stripe: Paywright, sold_out: None) -> None:
    order = paid_after_its_end(stripe, card=FAILING_REFUND_CARD)
    work()
    stripe.advance("10s")
    hear(stripe, order.payments.get().payment_intent_id, "refund.failed", "refund.updated")
    assert order.payments.get().refundable_minor == order.total_minor
    assert not QuarantinedSnapshot.objects.get(reason="refund_failed").is_resolved


def test_a_refund_that_nobody_credits_is_told_by_mail(stripe: Paywright) -> None:
    payment = buy(stripe)
    Payment.objects.update(settles_order=False, rejection_reason="amount")
    Job.objects.all().delete()
    stripe.refund(payment.payment_intent_id)
    hear(stripe, payment.payment_intent_id, "refund.created")
    work()
    [message] = mail.outbox
    assert "환불" in message.subject
    assert "₩11,000" in message.body
