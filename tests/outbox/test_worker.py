"""The worker as a whole: its threads, how it stops, what it does while others are slow or away."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone

from jumun.outbox import handlers, heartbeat, lane
from jumun.outbox.models import Job
from jumun.outbox.worker import work
from jumun.payments.models import InboxEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_ours() -> Iterator[None]:
    """No kinds of job but the test's own: the store's recurring ones would go out to Stripe."""
    before = dict(handlers._handlers)
    handlers._handlers.clear()
    yield
    handlers._handlers.clear()
    handlers._handlers.update(before)


@contextmanager
def working(concurrency: int = 1) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), kwargs={"concurrency": concurrency})
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(timeout=60)
        assert not thread.is_alive()


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def states() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("state", flat=True))


def test_stopping_finishes_the_job_in_hand_and_lets_the_others_go_at_once() -> None:
    begun, go_on = threading.Event(), threading.Event()

    @handlers.job("test.slow", network=True)
    def slow() -> None:
        begun.set()
        assert go_on.wait(90)

    for number in range(3):
        Job.enqueue("test.slow", key=str(number))
    with working() as stop:
        assert begun.wait(90)
        stop.set()
        go_on.set()
    assert states() == ["done", "ready", "ready"]
    waiting = Job.objects.filter(state="ready")
    assert not waiting.filter(run_at__gt=timezone.now()).exists()
    assert set(waiting.values_list("attempts", "lease_token")) == {(0, None)}


def test_with_more_threads_one_slow_job_holds_up_no_other() -> None:
    go_on, done = threading.Event(), []

    @handlers.job("test.slow", network=True)
    def slow() -> None:
        assert go_on.wait(90)

    @handlers.job("test.quick", network=True)
    def quick() -> None:
        done.append(1)

    Job.enqueue("test.slow", key="first")
    with working(concurrency=2):
        until(lambda: Job.objects.filter(lease_token__isnull=False).exists())
        for number in range(5):
            Job.enqueue("test.quick", key=str(number))
        until(lambda: len(done) == 5)
        go_on.set()
    assert set(states()) == {"done"}


def test_the_lease_of_slow_work_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "LEASE_S", 0.15)
    begun, go_on = [], threading.Event()

    @handlers.job("test.slow", network=True)
    def slow() -> None:
        begun.append(1)
        assert go_on.wait(90)

    Job.enqueue("test.slow", key="a")
    with working(concurrency=2):
        until(lambda: begun)
        for _ in range(3):
            lease_ends_at = Job.objects.get().run_at
            until(lambda before=lease_ends_at: Job.objects.get().run_at > before)  # type: ignore[misc]
        go_on.set()
        until(lambda: states() == ["done"])
    assert begun == [1]


def test_a_worker_that_cannot_reach_its_database_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "AWAY_S", 0.01)
    tries, real = [], Job.claim

    def claim(limit: int) -> list[Job]:
        tries.append(1)
        if len(tries) < 4:
            raise ConnectionError("the database is away")
        return real(limit)

    @handlers.job("test.note")
    def note() -> None: ...

    Job.enqueue("test.note", key="a")
    monkeypatch.setattr(Job, "claim", claim)
    with working():
        until(lambda: states() == ["done"])
    assert len(tries) >= 4


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_ends_the_worker() -> None:
    @handlers.job("test.deadly", network=True)
    def deadly() -> None:
        raise SystemExit

    Job.enqueue("test.deadly", key="a")
    stop = threading.Event()
    work(stop)
    assert stop.is_set()


def test_jobs_give_way_to_events_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "GIVE_WAY_S", 0.2)
    done: list[float] = []

    @handlers.job("test.note", network=True)
    def note() -> None:
        done.append(time.monotonic())

    go_on = threading.Event()
    slow = InboxEvent.objects.create(
        event_id="evt_1", type="charge.updated", livemode=False, payload="{}", created_at=timezone.now()
    )
    monkeypatch.setattr(InboxEvent, "run", lambda _event: go_on.wait(90))
    for number in range(2):
        Job.enqueue("test.note", key=str(number))
    begun = time.monotonic()
    with working():
        until(lambda: len(done) == 2)
        assert done[1] - begun > 0.3
        go_on.set()
    slow.refresh_from_db()
    assert set(states()) == {"done"}
