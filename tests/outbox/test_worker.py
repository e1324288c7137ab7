"""The worker as a whole: its threads, how it stops, what it does while others are slow or away."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone

from jumun.outbox import handlers, heartbeat, queue_runner, queues
from jumun.outbox.lanes import Lane
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

    @handlers.job("test.slow", lane=Lane.MONEY, network=True)
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

    @handlers.job("test.slow", lane=Lane.MONEY, network=True)
    def slow() -> None:
        assert go_on.wait(90)

    @handlers.job("test.quick", lane=Lane.MONEY, network=True)
    def quick() -> None:
        done.append(1)

    Job.enqueue("test.slow", key="first")
    with working(concurrency=4):
        until(lambda: Job.objects.filter(lease_token__isnull=False).exists())
        for number in range(5):
            Job.enqueue("test.quick", key=str(number))
        until(lambda: len(done) == 5)
        go_on.set()
    assert set(states()) == {"done"}


def test_the_lease_of_slow_work_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "RENEW_EVERY_S", 0.05)
    begun, go_on = [], threading.Event()

    @handlers.job("test.slow", lane=Lane.MONEY, network=True)
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
    monkeypatch.setattr(queue_runner, "AWAY_S", 0.01)
    tries, real = [], Job.claim

    def claim(limit: int, lane: Lane | None = None) -> list[Job]:
        tries.append(1)
        if len(tries) < 4:
            raise ConnectionError("the database is away")
        return real(limit, lane)

    @handlers.job("test.note", lane=Lane.MONEY)
    def note() -> None: ...

    Job.enqueue("test.note", key="a")
    monkeypatch.setattr(Job, "claim", claim)
    with working():
        until(lambda: states() == ["done"])
    assert len(tries) >= 4


@pytest.mark.parametrize(("lane", "waits"), [(Lane.MAIL, True), (Lane.DOCUMENTS, True), (Lane.MONEY, False)])
def test_mails_and_documents_give_way_to_events_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, lane: Lane, waits: bool
) -> None:
    monkeypatch.setattr(queue_runner, "GIVE_WAY_S", 2.0)
    done: list[float] = []

    @handlers.job("test.note", lane=lane, network=True)
    def note() -> None:
        done.append(time.monotonic())

    go_on = threading.Event()
    slow = InboxEvent.objects.create(
        event_id="evt_1", type="charge.updated", livemode=False, payload="{}", created_at=timezone.now()
    )
    monkeypatch.setattr(queues, "_queues", queues._queues | {InboxEvent: lambda _event: go_on.wait(90)})
    for number in range(2):
        Job.enqueue("test.note", key=str(number))
    begun = time.monotonic()
    with working():
        until(lambda: len(done) == 2)
        assert (done[1] - begun > 3.0) == waits
        go_on.set()
    slow.refresh_from_db()
    assert set(states()) == {"done"}
