"""Refunds whose answer from Stripe was lost: which of them the worker asks about again, and when."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.outbox.models import Job
from jumun.payments.models import Payment, Refund
from jumun.payments.refunds import refund as refunding
from jumun.payments.refunds.refund import enqueue_unanswered
from tests.factories import paid_order

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def payment() -> Payment:
    return paid_order().payments.get()


def lost(payment: Payment, age: timedelta, **values: Any) -> Refund:
    return Refund.objects.create(
        **{"payment": payment, "amount_minor": 1, "currency": "KRW", "created_at": timezone.now() - age} | values
    )


def asked_about() -> list[int]:
    return [job.args["refund_pk"] for job in Job.objects.filter(kind="payments.resume_refund").order_by("pk")]


def test_whoever_asked_has_a_minute_to_be_answered(payment: Payment) -> None:
    lost(payment, 58 * SECOND)
    old = lost(payment, 61 * SECOND)
    of_tomorrow = lost(payment, -24 * 60 * MINUTE)
    assert enqueue_unanswered() == 2
    assert asked_about() == [old.pk, of_tomorrow.pk], "the clock was ahead when the other one was asked for"


def test_the_oldest_come_first_and_no_more_than_a_batch(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunding, "BATCH", 1)
    older = lost(payment, 3 * MINUTE)
    younger = lost(payment, 2 * MINUTE)
    assert [enqueue_unanswered() for _ in range(3)] == [1, 1, 0]
    assert asked_about() == [older.pk, younger.pk]


def test_each_is_asked_about_once_a_day(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = lost(payment, 2 * MINUTE)
    now: datetime = timezone.now()
    assert [enqueue_unanswered(), enqueue_unanswered()] == [1, 0]
    monkeypatch.setattr("jumun.payments.refunds.refund.timezone.now", lambda: now + timedelta(days=1))
    assert enqueue_unanswered() == 1
    assert asked_about() == [unknown.pk, unknown.pk]


def test_those_that_are_answered_or_of_the_other_mode_are_not_asked_about(payment: Payment) -> None:
    lost(payment, 2 * MINUTE, status="refused")
    lost(payment, 2 * MINUTE, status="succeeded", refund_id="re_1")
    of_other_mode = paid_order().payments.get()
    Payment.objects.filter(pk=of_other_mode.pk).update(livemode=True)
    lost(of_other_mode, 2 * MINUTE)
    assert enqueue_unanswered() == 0
    assert asked_about() == []
