"""A clock that was ahead for a moment, or goes back, holds nothing up: no recurring job, no event, no goods."""

import logging
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from jumun.audit import findings
from jumun.outbox import queue_runner
from jumun.outbox.clock import Clock
from jumun.outbox.due_times import correct_due_times, late_recurring
from jumun.outbox.handlers import recurring
from jumun.outbox.heartbeat import Heartbeat
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from jumun.outbox.queue_runner import QueueRunner
from jumun.outbox.worker import drain
from jumun.payments.checkout.end_unpaid_orders import enqueue_overdue
from jumun.payments.models import InboxEvent, Refund
from jumun.payments.refunds.refund import enqueue_unanswered
from jumun.payments.webhooks.receive import store
from tests.clocks import clock_ahead
from tests.factories import paid_order, place_order
from tests.payments.stripe_says import event

pytestmark = pytest.mark.django_db
JUMPS = [timedelta(days=3), timedelta(hours=1), timedelta(minutes=10)]


def due_in_s(row: Job | InboxEvent) -> float:
    row.refresh_from_db()
    return (row.run_at - timezone.now()).total_seconds()


def rearm_all() -> None:
    """Every recurring job has its turn, without doing anything."""
    Job.ensure_recurring()
    for handler in recurring():
        Job.objects.filter(kind=handler.kind).update(run_at=timezone.now() + timedelta(seconds=handler.every_s or 0))


@pytest.mark.parametrize("ahead", JUMPS)
def test_recurring_jobs_that_ran_while_the_clock_was_ahead_run_on(
    monkeypatch, client: Client, ahead: timedelta
) -> None:
    with clock_ahead(monkeypatch, ahead):
        rearm_all()
        assert late_recurring(timezone.now()) == []
    late = late_recurring(timezone.now())
    assert "payments.expire_overdue" in late
    assert client.get("/readyz").json()["late_recurring"] == late
    assert {finding.subject for finding in findings() if finding.invariant == "I13"} == set(late)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("work", "--status", stdout=out)
    assert "payments.expire_overdue has not run for several of its turns" in out.getvalue()

    assert correct_due_times() == len(late)
    assert late_recurring(timezone.now()) == []
    assert correct_due_times() == 0


def test_a_recurring_job_that_does_not_run_is_named() -> None:
    rearm_all()
    assert late_recurring(timezone.now()) == []
    Job.objects.filter(kind="outbox.purge").update(run_at=timezone.now() - timedelta(hours=4))
    assert late_recurring(timezone.now()) == ["outbox.purge"]


@pytest.mark.parametrize("ahead", JUMPS)
def test_an_event_and_a_job_that_came_while_the_clock_was_ahead_are_done_when_it_comes_back(
    monkeypatch, ahead: timedelta
) -> None:
    with clock_ahead(monkeypatch, ahead):
        store(event({"id": "ch_1", "object": "charge"}, "charge.refunded"))
        paid_order()
    assert correct_due_times() >= 3
    drain()
    assert InboxEvent.objects.get().state == "done"
    assert set(Job.objects.filter(kind__startswith="invoices.").values_list("state", flat=True)) == {"done"}


def test_a_lease_of_a_worker_that_died_while_the_clock_was_ahead_ends(monkeypatch) -> None:
    job = Job.objects.create(kind="outbox.purge", lane=Lane.UPKEEP, key="a")
    with clock_ahead(monkeypatch, timedelta(days=3)):
        [claimed] = Job.claim(1)
    correct_due_times()
    # As long as any lease, which a worker that lives renews.
    assert 10 < due_in_s(job) <= 15
    assert job.lease_token == claimed.lease_token
    Job.renew([claimed])
    claimed.finish()


def test_what_failed_while_the_clock_was_ahead_is_tried_again_soon(monkeypatch) -> None:
    job = Job.objects.create(kind="invoices.mail", lane=Lane.MAIL, key="a")
    with clock_ahead(monkeypatch, timedelta(hours=1)):
        [claimed] = Job.claim(1)
        claimed.fail(OSError("the mail server is away"))
    correct_due_times()
    assert due_in_s(job) <= 0


def test_what_waits_for_a_reason_goes_on_waiting() -> None:
    """The backoff of each number of tries, a job that was asked for later, and a mail that waits for its PDF."""
    far = Job.of("outbox.purge", key="far", wait_s=7 * 24 * 3600)
    Job.add_all([far, Job.of("invoices.mail", key="pdf", wait_s=120, number="1")])
    for attempts in range(14):
        Job.objects.create(kind="test.mail", lane=Lane.MAIL, key=str(attempts), attempts=attempts)
    for claimed in Job.objects.filter(kind="test.mail"):
        Job.objects.filter(pk=claimed.pk).update(lease_token="0" * 32)
        claimed.refresh_from_db()
        claimed.fail(OSError("away"))
    rearm_all()
    assert correct_due_times() == 0


def test_goods_are_not_held_for_days_for_an_order_that_was_placed_meanwhile(monkeypatch) -> None:
    with clock_ahead(monkeypatch, timedelta(days=3)):
        order = place_order()
    enqueue_overdue()
    order.refresh_from_db()
    assert timedelta(hours=1) < order.expires_at - timezone.now() <= timedelta(hours=2)
    own = place_order()
    own.extend_hold(timezone.now() + timedelta(hours=24))
    enqueue_overdue()
    own.refresh_from_db()
    assert own.expires_at - timezone.now() > timedelta(hours=23)


def test_a_refund_that_was_asked_for_meanwhile_is_looked_up_and_not_made_again(monkeypatch) -> None:
    """Stripe forgets its key after a day of its own clock: by ours it would be known for four."""
    payment = paid_order().payments.get()
    with clock_ahead(monkeypatch, timedelta(days=3)):
        asked = Refund.objects.create(payment=payment, amount_minor=1_000, currency="KRW")
        remembered = [asked.key_is_remembered]
    assert [*remembered, asked.key_is_remembered] == [True, False]
    assert enqueue_unanswered() == 1


def test_the_clock_is_compared_with_the_time_that_has_passed(monkeypatch) -> None:
    clock = Clock()
    assert not clock.has_jumped()
    for by in (timedelta(days=3), timedelta(hours=-1)):
        with clock_ahead(monkeypatch, by):
            assert clock.has_jumped()
            assert not clock.has_jumped()
        assert clock.has_jumped()
    assert not clock.has_jumped()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("lane", "claims"), [(Lane.EVENTS, True), (Lane.MONEY, False)])
def test_after_a_jump_payments_go_on_at_once_and_all_else_lets_the_clock_settle(
    monkeypatch, caplog: pytest.LogCaptureFixture, lane: Lane, claims: bool
) -> None:
    monkeypatch.setattr(queue_runner, "DATABASE_RETRY_S", 0.02)
    queue = InboxEvent if lane == Lane.EVENTS else Job
    claimed = threading.Event()
    claim = queue.claim

    def noting(*rest):
        claimed.set()
        return claim(*rest)

    monkeypatch.setattr(queue, "claim", noting)
    stop = threading.Event()
    with Heartbeat() as heartbeat:
        runner = QueueRunner(queue, lane, concurrency=1, heartbeat=heartbeat, stop=stop)
        with clock_ahead(monkeypatch, timedelta(days=3)):
            thread = threading.Thread(target=runner.serve)
            thread.start()
            assert claimed.wait(0.7) is claims
            stop.set()
            thread.join(30)
    assert "the clock has jumped" in caplog.text


def test_the_worker_says_that_it_has_put_due_times_right(monkeypatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with clock_ahead(monkeypatch, timedelta(days=3)):
        rearm_all()
    correct_due_times()
    assert "rows were due later than they can be" in caplog.text
