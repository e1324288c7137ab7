"""A Stripe that does not answer is spared, and asked again after a while."""

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.errors import StripeRefused, StripeSpared
from jumun.outbox.models import Job
from jumun.outbox.process import process
from jumun.payments.stripe.circuit_breaker import FAILURES_MAX, SPARED_FOR_S, Breaker


class Clock:
    """Moves when it is told to."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spared(clock: Clock) -> Breaker:
    return Breaker(clock)


def call(spared: Breaker, *, raising: BaseException | None = None) -> None:
    with spared.watching(no_answer=TimeoutError):
        if raising:
            raise raising


def fail(spared: Breaker, times: int = FAILURES_MAX) -> None:
    for _ in range(times):
        with pytest.raises(TimeoutError):
            call(spared, raising=TimeoutError())


def test_a_few_calls_without_an_answer_spare_it_and_one_call_tries_again(spared: Breaker, clock: Clock) -> None:
    fail(spared)
    with pytest.raises(StripeSpared) as caught:
        call(spared)
    assert caught.value.postponed_s == SPARED_FOR_S
    assert caught.value.retryable
    clock.now_s += SPARED_FOR_S
    fail(spared, times=1)
    with pytest.raises(StripeSpared):
        call(spared)
    clock.now_s += SPARED_FOR_S
    call(spared)
    for _ in range(3):
        call(spared)


def test_any_answer_counts_as_one(spared: Breaker) -> None:
    for answer in (None, StripeRefused("no such refund"), ValueError("500")):
        fail(spared, times=FAILURES_MAX - 1)
        with suppress(StripeRefused, ValueError):
            call(spared, raising=answer)
    call(spared)


def test_while_one_call_tries_no_other_is_made(spared: Breaker, clock: Clock) -> None:
    fail(spared)
    clock.now_s += SPARED_FOR_S
    trying, answered = threading.Event(), threading.Event()

    def probe() -> None:
        with spared.watching(no_answer=TimeoutError):
            trying.set()
            answered.wait(60)

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        assert trying.wait(60)
        with pytest.raises(StripeSpared):
            call(spared)
    finally:
        answered.set()
        thread.join()
    call(spared)


def test_a_thread_that_ends_while_it_tries_leaves_that_to_the_next(spared: Breaker, clock: Clock) -> None:
    fail(spared)
    clock.now_s += SPARED_FOR_S
    with pytest.raises(SystemExit):
        call(spared, raising=SystemExit())
    call(spared)


@pytest.mark.django_db
def test_a_job_that_is_not_begun_has_its_tries_before_it(settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    Job.enqueue("payments.complete", key="re_1:payment", kind="refund", object_id="re_1")
    for _ in range(20):
        Job.objects.update(run_at=timezone.now())
        [row] = Job.claim(1)
        process(row)
    job = Job.objects.get()
    assert (job.state, job.attempts) == ("ready", FAILURES_MAX)
    assert job.run_at > timezone.now() + timedelta(seconds=SPARED_FOR_S / 2)
