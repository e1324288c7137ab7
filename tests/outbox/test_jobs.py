from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from jumun.errors import StripeRefused, StripeUnavailable
from jumun.orders.models import Order
from jumun.outbox import handlers
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from jumun.outbox.process import process
from jumun.outbox.worker import drain
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kinds")]


def test_a_job_runs_once(kinds: list[str]) -> None:
    Job.enqueue("test.note", key="a", text="hello")
    assert drain() == 1
    assert drain() == 0
    assert kinds == ["hello"]
    assert Job.objects.get().state == "done"


def test_a_job_that_kills_its_worker_each_time_is_parked_in_the_end(kinds: list[str]) -> None:
    Job.enqueue("test.note", key="a", text="hello")
    for _ in range(3):
        [job] = Job.claim(1)
        Job.objects.update(run_at=timezone.now())  # its worker is dead, and the lease has run out
    assert job.state == "ready"
    drain()
    parked = Job.objects.get()
    assert (parked.state, kinds) == ("parked", [])
    assert "the process died 3 times while working on this" in parked.last_error


def test_one_cause_gives_one_job(kinds: list[str]) -> None:
    for _ in range(3):
        Job.enqueue("test.note", key="same", text="hello")
    drain()
    assert kinds == ["hello"]


def test_a_job_of_a_rolled_back_transaction_never_was(kinds: list[str]) -> None:
    with transaction.atomic():
        Job.enqueue("test.note", key="a", text="hello")
        transaction.set_rollback(True)
    drain()
    assert kinds == []


def test_an_unknown_kind_is_refused_at_once() -> None:
    with pytest.raises(LookupError):
        Job.enqueue("test.nobody", key="a")


def test_the_effect_of_a_failed_try_is_undone_and_the_job_waits() -> None:
    Job.enqueue("test.place_then_fail", key="a")
    drain()
    job = Job.objects.get()
    assert not Order.objects.exists()
    assert (job.state, job.attempts) == ("ready", 1)
    assert "the line is down" in job.last_error
    assert timezone.now() < job.run_at < timezone.now() + timedelta(seconds=5)


def test_after_the_last_attempt_the_job_is_parked() -> None:
    Job.enqueue("test.place_then_fail", key="a")
    for _ in range(40):
        Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))
        drain()
    job = Job.objects.get()
    assert (job.state, job.attempts) == ("parked", job.attempts_max)


def test_what_no_retry_can_help_is_parked_at_once() -> None:
    Job.enqueue("test.hopeless", key="a")
    drain()
    assert Job.objects.get().state == "parked"


def test_the_job_of_a_dead_worker_is_taken_up_again(kinds: list[str]) -> None:
    Job.enqueue("test.note", key="a", text="hello")
    assert len(Job.claim(10)) == 1
    assert drain() == 0, "the lease still holds"
    Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))
    assert drain() == 1
    assert kinds == ["hello"]


def test_who_lost_the_lease_changes_nothing() -> None:
    Job.enqueue("test.note", key="a", text="hello")
    slow = Job.claim(10)[0]
    Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))
    Job.claim(10)
    process(slow)
    job = Job.objects.get()
    assert (job.state, job.lease_token is None) == ("ready", False)


def test_a_renewed_lease_is_not_taken_over() -> None:
    Job.enqueue("test.note", key="a", text="hello")
    held = Job.claim(10)[0]
    Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))
    Job.renew([held])
    assert Job.claim(10) == []


def test_a_recurring_job_comes_again_and_is_never_parked() -> None:
    turns: list[int] = []

    @handlers.job("test.tick", lane=Lane.MONEY, every_s=60)
    def tick() -> None:
        turns.append(1)
        if len(turns) % 2:
            raise StripeUnavailable("now and then")

    Job.ensure_recurring()
    Job.ensure_recurring()
    for _ in range(40):
        Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))
        drain()
    assert Job.objects.filter(kind="test.tick").count() == 1
    assert Job.objects.get(kind="test.tick").state == "ready"
    assert len(turns) == 40


@pytest.mark.parametrize("error", [StripeUnavailable("for days"), StripeRefused("the key may not ask this")])
def test_a_recurring_job_comes_again_however_long_it_fails(error: Exception) -> None:
    fails = [True]

    @handlers.job("test.tick", lane=Lane.MONEY, every_s=60)
    def tick() -> None:
        if fails:
            raise error

    Job.ensure_recurring()
    for _ in range(40):
        Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))
        assert drain() == 1
    job = Job.objects.get()
    assert (job.state, str(error) in job.last_error) == ("ready", True)
    assert job.run_at <= timezone.now() + timedelta(seconds=60), "no later than its next turn"
    fails.clear()
    Job.objects.update(run_at=timezone.now())
    drain()
    job.refresh_from_db()
    assert (job.state, job.attempts, job.last_error) == ("ready", 0, "")


def test_a_recurring_job_waits_for_its_next_turn_although_its_workers_were_killed_at_every_try() -> None:
    @handlers.job("test.tick", lane=Lane.MONEY, every_s=60)
    def tick() -> None: ...

    Job.ensure_recurring()
    for _ in range(20):
        Job.objects.update(run_at=timezone.now())
        Job.claim(1)
    Job.objects.update(run_at=timezone.now())
    drain()
    job = Job.objects.get()
    assert (job.state, job.deaths, job.lease_token) == ("ready", 2, None), "it goes on in a process of its own"
    assert timezone.now() + timedelta(seconds=50) < job.run_at < timezone.now() + timedelta(seconds=61)


@pytest.mark.django_db(transaction=True)
def test_many_workers_never_take_the_same_job(kinds: list[str]) -> None:
    for number in range(60):
        Job.enqueue("test.note", key=str(number), text=str(number))
    at_once(6, lambda _: drain())
    assert sorted(kinds, key=int) == [str(number) for number in range(60)]
