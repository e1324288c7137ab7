"""What is written down before Stripe is asked for a refund, and what Stripe is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone

from jumun.errors import NotRefundable, PaymentDisputed, RefundExceedsPaid, StripeRefused
from jumun.payments.merge import apply
from jumun.payments.models import Payment, Refund, RefundLine
from jumun.payments.refunds.refund import refund, resume
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import paid_order
from tests.payments.disputing import dispute_of
from tests.payments.paying import buy

pytestmark = pytest.mark.django_db


def test_stripe_is_told_the_reason_and_our_names(stripe: Paywright) -> None:
    payment = buy(stripe)
    staff = User.objects.create_user("haneul")
    made = refund(payment, lines={1: 1}, restock={1: 2}, reason="duplicate", by=staff)
    [found] = gateway.refunds_of(payment.payment_intent_id)
    assert (found["id"], found["amount"], found["reason"]) == (made.refund_id, 5_500, "duplicate")
    assert made.is_named(found["metadata"]["refund"])
    assert found["metadata"]["order_reference"] == payment.order.reference
    assert (made.by, made.reason, made.currency) == (staff, "duplicate", "KRW")
    assert [(line.quantity, line.restock_quantity) for line in made.lines.all()] == [(1, 2)]
    asked, *_ = payment.order.timeline.filter(kind="refund_requested")
    assert asked.details["amount_minor"] == 5_500


def test_without_a_reason_stripe_is_told_none(stripe: Paywright) -> None:
    payment = buy(stripe)
    refund(payment, amount_minor=1, reason="", by=None)
    refund(payment, amount_minor=1, reason="", by=None)
    assert [found["reason"] for found in gateway.refunds_of(payment.payment_intent_id)] == [None, None]
    assert not any("reason" in made.params for made in Refund.objects.all())


def test_the_same_press_is_answered_without_a_call(stripe: Paywright) -> None:
    payment = buy(stripe)
    made = refund(payment, lines={1: 1}, reason="", by=None, key="pressed")
    stripe.faults({"kind": "error_before", "match": "POST /v1/refunds"})
    assert refund(payment, lines={1: 1, 7: 0}, reason="", by=None, key="pressed") == made
    with pytest.raises(NotRefundable, match="another refund"):
        refund(payment, lines={1: 2}, reason="", by=None, key="pressed")


def test_one_that_is_answered_is_not_asked_about(stripe: Paywright) -> None:
    payment = buy(stripe)
    made = refund(payment, amount_minor=1_000, reason="", by=None)
    stripe.faults({"kind": "error_before", "match": "POST /v1/refunds"})
    resume(made)
    assert made.status == "succeeded"


def test_what_stripe_refuses_is_refused_and_can_be_asked_for_anew(stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.refund(payment.payment_intent_id)
    with pytest.raises(StripeRefused):
        refund(payment, amount_minor=1_000, reason="", by=None)
    assert Refund.objects.get().status == "refused"
    assert payment.refundable_minor == 11_000


def test_an_intention_is_written_down_whole_or_not_at_all() -> None:
    payment = paid_order().payments.get()
    before = payment.order.timeline.count()

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "refundline" not in sql and "jumun_payments_refund" not in sql:
            raise OperationalError("the disk is full")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail), pytest.raises(OperationalError):
        refund(payment, lines={1: 1}, reason="", by=None)
    assert not Refund.objects.exists()
    assert not RefundLine.objects.exists()
    assert payment.order.timeline.count() == before


@pytest.mark.parametrize(("amount_minor", "message"), [(0, "no amount"), (-1, "no amount")])
def test_nothing_is_no_amount_to_refund(amount_minor: int, message: str) -> None:
    payment: Payment = paid_order().payments.get()
    with pytest.raises(NotRefundable, match=message):
        refund(payment, amount_minor=amount_minor, reason="", by=None)


def test_a_live_payment_is_not_refunded_with_the_keys_of_test_mode() -> None:
    payment = paid_order().payments.get()
    Payment.objects.update(livemode=True)
    with pytest.raises(NotRefundable, match="the other mode"):
        refund(payment, amount_minor=1, reason="", by=None)
    assert not Refund.objects.exists()


def test_what_the_bank_has_is_not_refunded_nor_asked_of_stripe() -> None:
    payment = paid_order().payments.get()
    apply(dispute_of(payment))
    with pytest.raises(PaymentDisputed, match="du_1: needs_response"):
        refund(payment, amount_minor=1, reason="", by=None)
    assert not Refund.objects.exists()
    apply(dispute_of(payment, is_charge_refundable=True, status="under_review"))
    with pytest.raises(RefundExceedsPaid):
        refund(payment, amount_minor=11_001, reason="", by=None)


def test_a_day_later_another_refund_is_not_taken_for_the_lost_one(stripe: Paywright) -> None:
    payment = buy(stripe)
    made = refund(payment, amount_minor=1_000, reason="", by=None)
    lost = Refund.objects.create(
        payment=payment,
        idempotency_key="forgotten",
        amount_minor=2_000,
        currency="KRW",
        created_at=timezone.now() - timedelta(hours=25),
    )
    lost.freeze(made.params | {"amount": 2_000, "metadata": made.params["metadata"] | {"refund": str(lost.pk)}})
    resume(lost)
    assert (lost.status, lost.refund_id != made.refund_id) == ("succeeded", True)
    assert sorted(found["amount"] for found in gateway.refunds_of(payment.payment_intent_id)) == [1_000, 2_000]
