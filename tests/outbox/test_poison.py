"""A row that ends its thread, its process, or raises what nobody catches, is set aside alone and soon."""

import itertools
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from tests.outbox.poison.ways import CAUGHT, DEADLY
from tests.processes import worker
from tests.waiting import wait_for_jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

WITHIN_S = 60
HALF_AN_HOUR = timedelta(minutes=30)
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.outbox.poison.settings"}


class Worker:
    """``manage.py work``, started again when it dies, as `./run` and systemd do."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.starts = 0
        self._folder, self._options = folder, options
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_running)

    def __enter__(self) -> "Worker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _keep_running(self) -> None:
        while not self._stop.is_set():
            self.starts += 1
            with worker(self._folder, *self._options, **SETTINGS) as process:
                while process.poll() is None and not self._stop.wait(0.1):
                    pass
            self._stop.wait(1)


def add(kind: str, *, count: int = 1, lane: Lane = Lane.MONEY) -> None:
    Job.objects.bulk_create(
        Job(kind=f"poison.{kind}", lane=lane, key=f"{kind}:{number}:{Job.objects.count()}") for number in range(count)
    )


def states(kind: str) -> set[str]:
    return set(Job.objects.filter(kind__startswith=f"poison.{kind}").values_list("state", flat=True))


def parked_errors() -> list[tuple[str, str]]:
    return list(Job.objects.filter(state="parked").values_list("kind", "last_error"))


def test_what_python_can_catch_parks_its_row_and_the_worker_goes_on(tmp_path: Path) -> None:
    add("innocent", count=5)
    for name, lane in zip(CAUGHT, itertools.cycle(Job.LANES), strict=False):
        add(f"{name}.{lane}", lane=lane)
        add("innocent", count=2)
    with Worker(tmp_path) as running:
        wait_for_jobs(lambda: all(states(name) == {"parked"} for name in CAUGHT) and states("innocent") == {"done"})
        assert running.starts == 1
    errors = {kind.split(".")[1]: error for kind, error in parked_errors()}
    assert errors["panic"].endswith(
        "the process died 3 times while working on this; the last time: Panic: index out of bounds"
    )
    assert errors["unspeakable"] == "Unspeakable"


def test_what_ends_the_process_parks_its_row_within_a_minute_and_no_other(tmp_path: Path) -> None:
    add("innocent", count=3)
    add("killed.money")
    add("innocent", count=5)
    options = () if connection.vendor == "sqlite" else ("--concurrency", "10")
    with Worker(tmp_path, *options) as running:
        wait_for_jobs(lambda: running.starts == 2, within_s=WITHIN_S)
        wait_for_jobs(lambda: states("killed") == {"parked"} and states("innocent") == {"done"}, within_s=WITHIN_S)
        assert running.starts <= 3, "the third time it had a process of its own"
    (poison,) = Job.objects.filter(state="parked")
    assert poison.deaths == 3
    assert "the process died 3 times while working on this; the last time: signal 9" in poison.last_error


def test_every_way_to_end_a_process_at_once_each_in_a_lane(tmp_path: Path) -> None:
    """An innocent row that is in hand beside them is counted with them at most twice, and tried alone after that."""
    for name, lane in zip(DEADLY, Job.LANES, strict=False):
        add(f"{name}.{lane}", lane=lane)
    for lane in Job.LANES:
        add("slow_innocent", count=3, lane=lane)
    with Worker(tmp_path):
        wait_for_jobs(lambda: all(states(name) == {"parked"} for name in DEADLY), within_s=3 * WITHIN_S)
        wait_for_jobs(lambda: states("slow_innocent") == {"done"}, within_s=2 * WITHIN_S)
    assert Job.objects.filter(state="parked").count() == len(DEADLY)


def test_a_recurring_job_that_ends_its_process_is_never_parked_and_soon_harms_nobody(tmp_path: Path) -> None:
    Job.objects.create(kind="poison.every_hour", lane=Lane.UPKEEP, key="poison.every_hour:recurring")
    with Worker(tmp_path) as running:
        wait_for_jobs(
            lambda: Job.objects.filter(kind="poison.every_hour", run_at__gt=timezone.now() + HALF_AN_HOUR).exists()
        )
        starts = running.starts
        Job.objects.filter(kind="poison.every_hour").update(run_at=timezone.now())
        wait_for_jobs(
            lambda: Job.objects.filter(kind="poison.every_hour", run_at__gt=timezone.now() + HALF_AN_HOUR).exists()
        )
        assert running.starts == starts
    assert states("every_hour") == {"ready"}
