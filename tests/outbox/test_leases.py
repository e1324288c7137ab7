"""A row and its lease: who may do what with it, when it is due again, and what is written down."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jumun.actor import Actor, Cause
from jumun.errors import LeaseLost, StripeRefused, StripeUnavailable
from jumun.outbox import lease
from jumun.outbox.lanes import Lane
from jumun.outbox.lease import State, backoff_s, error_text, storable
from jumun.outbox.models import Job
from jumun.outbox.signals import work_added

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kinds")]


def add(key: str = "a", **values: object) -> Job:
    Job.enqueue("test.note", key=key, text="hello")
    Job.objects.filter(key=f"test.note:{key}").update(**values)
    return Job.objects.get(key=f"test.note:{key}")


def claimed(**values: object) -> Job:
    add(**values)
    [job] = Job.claim(10)
    return job


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def due_in_s(job: Job) -> float:
    return (again(job).run_at - timezone.now()).total_seconds()


def close_to(seconds: float) -> object:
    return pytest.approx(seconds, abs=0.9)


def abandoned() -> None:
    """As if the lease of all rows had run out."""
    Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))


# Claiming


def test_a_claim_is_for_the_length_of_a_lease() -> None:
    job = claimed()
    assert job.lease_token == again(job).lease_token is not None
    assert (due_in_s(job), job.deaths) == (close_to(15), 0)
    assert Job.claim(10) == []


def test_the_oldest_rows_are_claimed_first_and_no_more_than_asked_for() -> None:
    now = timezone.now()
    for key, age_s in (("b", 1), ("c", 3), ("a", 2)):
        add(key, run_at=now - timedelta(seconds=age_s))
    assert [job.key for job in Job.claim(2)] == ["test.note:c", "test.note:a"]
    assert [job.key for job in Job.claim(2)] == ["test.note:b"]


@pytest.mark.parametrize("values", [{"state": "parked"}, {"state": "done"}, {"run_at": timezone.now() + timedelta(1)}])
def test_what_is_not_due_is_not_claimed(values: dict[str, object]) -> None:
    add("not due", **values)
    assert Job.claim(10) == []
    add("due")
    assert [job.key for job in Job.claim(10)] == ["test.note:due"]


def test_a_lane_has_its_own_rows() -> None:
    job = add()
    assert Job.claim(10, Lane.MAIL) == []
    mail = add("mail", lane="mail", run_at=timezone.now() - timedelta(seconds=1))
    assert Job.claim(10, Lane.MAIL) == [mail]
    add("mail again", lane="mail", run_at=timezone.now() - timedelta(seconds=1))
    assert Job.claim(10, Lane.MONEY) == [job]


def test_whether_a_lane_has_work_in_hand() -> None:
    job = add()
    assert not Job.is_in_hand(Lane.MONEY)
    Job.claim(10)
    assert Job.is_in_hand(Lane.MONEY)
    assert not Job.is_in_hand(Lane.MAIL)
    abandoned()
    assert not Job.is_in_hand(Lane.MONEY)
    # Put off by a failed try: nobody holds it.
    Job.objects.filter(pk=job.pk).update(run_at=timezone.now() + timedelta(1), lease_token=None)
    assert not Job.is_in_hand(Lane.MONEY)


def test_an_abandoned_row_is_a_suspect_and_claimed_alone_for_a_shorter_lease() -> None:
    first = claimed()
    abandoned()
    add("b")
    [suspect] = Job.claim(10)
    assert (suspect, suspect.deaths, again(first).deaths) == (first, 1, 1)
    assert due_in_s(first) == close_to(6)
    assert [job.key for job in Job.claim(10)] == ["test.note:b"]


def test_rows_without_a_death_before_a_suspect_are_claimed_together() -> None:
    now = timezone.now()
    for seconds, (key, deaths) in enumerate([("suspect", 1), ("b", 0), ("a", 0)], start=1):
        add(key, run_at=now - timedelta(seconds=seconds), deaths=deaths)
    assert [job.key for job in Job.claim(10)] == ["test.note:a", "test.note:b"]
    assert [job.key for job in Job.claim(10)] == ["test.note:suspect"]


def test_from_the_second_death_on_the_lease_is_a_whole_one() -> None:
    job = add(deaths=1)
    Job.claim(10)
    abandoned()
    [job] = Job.claim(10)
    assert (job.deaths, due_in_s(job)) == (2, close_to(15))


# What a holder may do


def test_a_stale_holder_renews_nothing() -> None:
    stale = claimed()
    abandoned()
    [present] = Job.claim(10)
    until = again(present).run_at
    Job.renew([stale])
    assert again(present).run_at == until
    Job.objects.update(run_at=timezone.now())
    Job.renew([present])
    assert due_in_s(present) == close_to(6)


def test_only_rows_that_are_held_and_named_are_renewed() -> None:
    for key in ("a", "b"):
        add(key)
    first, second = Job.claim(10)
    Job.objects.update(run_at=timezone.now())
    Job.renew([first])
    assert (due_in_s(first), due_in_s(second)) == (close_to(15), close_to(0))
    Job.objects.filter(pk=first.pk).update(state="parked", run_at=timezone.now())
    Job.renew([first])
    assert due_in_s(first) == close_to(0)


ENDS = {
    "finish": lambda job: job.finish(),
    "release": lambda job: job.release(),
    "rearm": lambda job: job.rearm(timezone.now()),
    "fail": lambda job: job.fail(StripeUnavailable("down")),
    "die": lambda job: job.die("killed"),
    "park": lambda job: job.park("enough"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("change", [{"lease_token": uuid.UUID(int=1)}, {"state": "parked"}])
def test_who_has_lost_the_lease_ends_nothing(end: str, change: dict[str, object]) -> None:
    job = claimed()
    Job.objects.update(**change)
    before = Job.objects.values().get()
    with pytest.raises(LeaseLost):
        ENDS[end](job)
    assert Job.objects.values().get() == before


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_a_try_gives_the_lease_back_once(end: str) -> None:
    job = claimed()
    token = job.lease_token
    ENDS[end](job)
    assert again(job).lease_token is None
    assert job.lease_token == token
    with pytest.raises(LeaseLost):
        ENDS[end](job)


def test_a_finished_row_tells_when_and_after_how_many_tries() -> None:
    job = claimed(attempts=2, last_error="before")
    job.finish()
    job = again(job)
    assert (job.state, job.attempts, job.last_error) == ("done", 3, "")
    assert job.finished_at == pytest.approx(timezone.now(), abs=timedelta(seconds=5))


def test_what_was_learnt_is_written_with_the_end() -> None:
    job = claimed()
    job.finish(State.IGNORED, deaths=2)
    assert (again(job).state, again(job).deaths) == ("ignored", 2)


def test_a_row_that_is_given_back_is_as_it_was_and_due_when_told() -> None:
    job = claimed(attempts=2)
    job.release()
    assert (due_in_s(job), again(job).attempts, again(job).state) == (close_to(0), 2, "ready")
    [job] = Job.claim(10)
    assert job.deaths == 0
    job.release(wait_s=60)
    assert due_in_s(job) == close_to(60)


def test_a_turn_that_comes_again_begins_anew() -> None:
    job = claimed(attempts=2, deaths=2, last_error="before")
    job.rearm(timezone.now() + timedelta(seconds=90))
    job = again(job)
    assert (job.state, job.attempts, job.deaths, job.last_error) == ("ready", 0, 0, "")
    assert due_in_s(job) == close_to(90)


# Failed tries


def test_the_wait_doubles_up_to_an_hour_give_or_take_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    for share, end in ((0.75, min), (1.25, max)):
        monkeypatch.setattr("jumun.outbox.lease.random.uniform", end)
        assert [backoff_s(attempts) for attempts in (1, 2, 3, 11, 12, 15)] == [
            share * seconds for seconds in (2, 4, 8, 2048, 3600, 3600)
        ]


def test_a_failed_try_counts_and_waits() -> None:
    job = claimed(attempts=2)
    job.fail(StripeUnavailable("the line is down"))
    job = again(job)
    assert (job.state, job.attempts, job.last_error) == ("ready", 3, "StripeUnavailable: the line is down")
    assert 5.5 < due_in_s(job) < 10.5


@pytest.mark.parametrize(("attempts", "state"), [(13, "ready"), (14, "parked")])
def test_the_fifteenth_try_is_the_last(attempts: int, state: str) -> None:
    job = claimed(attempts=attempts)
    job.fail(StripeUnavailable("down"))
    job = again(job)
    assert (job.state, job.attempts, job.finished_at is not None) == (state, attempts + 1, state == "parked")


def test_what_no_retry_can_help_is_parked_with_its_reason() -> None:
    job = claimed()
    job.fail(StripeRefused("no"))
    assert (again(job).state, again(job).attempts, again(job).last_error) == ("parked", 1, "StripeRefused: no")


class Busy(Exception):
    postponed_s = 100.0


@pytest.mark.parametrize(("end", "wait_s"), [(min, 100), (max, 200)])
def test_what_is_postponed_uses_up_no_try_and_spreads(
    monkeypatch: pytest.MonkeyPatch, end: Callable[[float, float], float], wait_s: float
) -> None:
    monkeypatch.setattr("jumun.outbox.lease.random.uniform", end)
    job = claimed(attempts=14)
    job.fail(Busy("later"))
    assert (again(job).state, again(job).attempts, again(job).last_error) == ("ready", 14, "Busy: later")
    assert due_in_s(job) == close_to(wait_s)


def test_an_error_that_says_nothing_of_it_is_tried_again() -> None:
    job = claimed()
    job.fail(ValueError("who knows"))
    assert (again(job).state, again(job).attempts) == ("ready", 1)


def test_a_rescheduled_row_never_reaches_its_last_try() -> None:
    job = claimed(attempts=14)
    job.reschedule(StripeUnavailable("down"), 30)
    assert (again(job).attempts, due_in_s(job)) == (14, close_to(30))


def test_two_deaths_are_tried_again_soon_and_the_third_parks() -> None:
    job = claimed()
    for deaths in (1, 2):
        job.die("killed by signal 9")
        assert (again(job).deaths, again(job).state, due_in_s(job)) == (deaths, "ready", close_to(1))
        assert again(job).last_error == "the process died: killed by signal 9"
        abandoned()
        [job] = Job.claim(10)
        assert job.deaths == deaths
    job.die("killed by signal 9")
    job = again(job)
    assert (job.state, job.deaths, job.finished_at is not None) == ("parked", 3, True)
    assert "died 3 times" in job.last_error
    assert "killed by signal 9" in job.last_error


def test_how_a_process_died_is_cut_to_what_is_kept() -> None:
    job = claimed()
    job.die("x" * 3_000)
    assert len(again(job).last_error) == 2_000


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


def test_an_error_is_told_even_by_one_that_cannot_say_it() -> None:
    assert error_text(ValueError("no")) == "ValueError: no"
    assert error_text(Mute()) == "Mute"
    assert len(error_text(ValueError("x" * 3_000))) == 2_000
    assert storable("a\x00b\ud800") == "ab?"


# Staff, and the end


@pytest.mark.parametrize(("state", "moved"), [("parked", True), ("ready", False), ("done", False), ("ignored", False)])
def test_staff_requeue_what_is_parked_with_all_its_tries_before_it(state: str, moved: bool) -> None:
    finished_at = None if state == "ready" else timezone.now()
    later = timezone.now() + timedelta(hours=1)
    job = add(state=state, attempts=15, deaths=3, run_at=later, finished_at=finished_at)
    other = add("other", state="parked", attempts=15)
    assert job.requeue() is moved
    job = again(job)
    expected = ("ready", 0, 0, None) if moved else (state, 15, 3, finished_at)
    assert (job.state, job.attempts, job.deaths, job.finished_at) == expected
    assert due_in_s(job) == close_to(0 if moved else 3600)
    assert again(other).attempts == 15


def test_what_was_finished_long_ago_is_purged_oldest_first_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "PURGE_BATCH", 2)
    now = timezone.now()
    long_ago = now - timedelta(days=2)
    for key in ("a", "b", "c"):
        add(key, state="ignored" if key == "b" else "done", finished_at=long_ago)
    add("recent", state="done", finished_at=now)
    add("parked", state="parked", finished_at=long_ago)
    add("waits", finished_at=long_ago)
    assert Job.purge(finished_before=now - timedelta(days=1)) == 2
    assert not Job.objects.filter(key__in=["test.note:a", "test.note:b"]).exists()
    assert Job.purge(finished_before=now - timedelta(days=1)) == 1
    assert Job.purge(finished_before=now - timedelta(days=1)) == 0
    assert Job.objects.count() == 3


def test_a_row_whose_key_is_there_already_changes_nothing() -> None:
    job = add(attempts=3)
    Job.of("test.note", key="a", text="other").add()
    assert Job.objects.get() == job
    assert (Job.objects.get().attempts, Job.objects.get().args) == (3, {"text": "hello"})
    Job.of("test.note", key="b", text="other").add()
    assert Job.objects.count() == 2


def test_its_work_is_caused_by_the_worker_and_named() -> None:
    assert add().cause() == Cause(actor=Actor.WORKER, source="test.note:a")


@pytest.fixture
def heard() -> Iterator[list[set[Lane]]]:
    lanes_heard: list[set[Lane]] = []

    def hear(sender: type, lanes: set[Lane], **_: object) -> None:
        lanes_heard.append(lanes)
        raise RuntimeError("a listener that fails stops nobody")

    work_added.connect(hear)
    yield lanes_heard
    work_added.disconnect(hear)


def test_listeners_hear_of_the_lanes_of_new_work_after_the_commit(
    heard: list[set[Lane]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        Job.enqueue("test.note", key="a", text="hello")
        assert heard == []
    assert heard == [{Lane.MONEY}]


def test_listeners_hear_nothing_of_what_is_no_work(
    heard: list[set[Lane]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        done = Job.of("test.note", key="a", text="hello")
        done.state = State.DONE
        Job.add_all([done])
        Job.add_all([])
    assert heard == []
