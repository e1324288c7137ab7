"""Celery runs the same claims: a real broker, real workers, and kill -9."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from jumun.outbox.signals import work_added
from jumun.payments.models import InboxEvent
from paywright.testing import Paywright
from tests.broker import HOW_TO_GET, find_server, running_broker
from tests.payments.paying import pay_unnoticed, session_id
from tests.payments.stripe_says import deliver, event
from tests.processes import store_environment
from tests.rabbitmq import find_rabbitmq, running_rabbitmq
from tests.waiting import wait_for_jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

WAIT_S = 90
# One worker has nobody to greet.
QUICKLY = ("--without-gossip", "--without-mingle", "--without-heartbeat")

# RabbitMQ too, where this machine has it.
RABBITMQ = [pytest.param("rabbitmq", marks=pytest.mark.once)] if find_rabbitmq() else []


@pytest.fixture(scope="module", params=["redis", *RABBITMQ])
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "rabbitmq":
        with running_rabbitmq(find_rabbitmq() or "") as url:
            yield url
        return
    program = find_server()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no broker: {HOW_TO_GET}")
        pytest.skip(f"no broker: {HOW_TO_GET}")
    with running_broker(program) as url:
        yield url


@contextmanager
def celery(folder: Path, broker: str, *options: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """``celery worker`` in a process group of its own."""
    command = ["-m", "celery", "-A", "tests.outbox.celery_app", "worker", "--concurrency", "1", *QUICKLY, *options]
    settings = store_environment(folder) | {"BROKER_URL": broker} | environment
    with (folder / "celery.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command], env=settings, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


@contextmanager
def nudging(broker: str) -> Iterator[None]:
    """This process as a web process of a project that has Celery."""
    from jumun.outbox import celery as adapter

    app = adapter.TASKS[Lane.EVENTS].app
    app.conf.update(broker_url=broker, broker_connection_timeout=1)
    # Its connections are to the broker of the test before.
    app.close()
    app.__dict__.pop("amqp", None)
    work_added.connect(adapter.nudge, dispatch_uid="jumun.outbox.celery")
    try:
        yield
    finally:
        work_added.disconnect(dispatch_uid="jumun.outbox.celery")


def test_a_nudge_a_kill_and_a_beat(broker: str, stripe: Paywright, tmp_path: Path, settings: Settings) -> None:
    order = pay_unnoticed(stripe)
    paid = event(next(e for e in stripe.events() if e["type"] == "checkout.session.completed")["data"]["object"])
    assert session_id(order).encode() in paid
    silent = socket.create_server(("127.0.0.1", 0))
    silent.settimeout(WAIT_S)
    nobody = f"http://127.0.0.1:{silent.getsockname()[1]}"
    # No beat: what brings this worker to the event is the message that was sent when it had been stored.
    with silent, celery(tmp_path, broker, STRIPE_API_BASE=nobody) as victim, nudging(broker):
        assert deliver(paid).status_code == 200
        caller, _ = silent.accept()
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        caller.close()
    order.refresh_from_db()
    assert order.state == "paid", "the event waits for no answer of Stripe's"
    completion = Job.objects.filter(kind="payments.complete")
    assert completion.get().lease_token is not None
    # Its lease has run out.
    completion.update(run_at=timezone.now())

    # The message is gone with the worker that had it, and no other follows: it is the beat that finds the row.
    with celery(tmp_path, broker, "--beat", "--schedule", str(tmp_path / "beat")):
        wait_for_jobs(lambda: Job.objects.filter(kind="invoices.mail", state="done").exists())
        wait_for_jobs(lambda: completion.get().state == "done")
    order.refresh_from_db()
    assert (order.state, InboxEvent.objects.get().state) == ("paid", "done")
    assert Invoice.objects.count() == 1
    assert len(list((tmp_path / "mail").glob("*.log"))) == 1
    assert Job.objects.filter(kind="payments.expire_overdue").exists(), "the recurring jobs are there without cron"


def test_a_broker_that_is_away_holds_up_no_webhook(tmp_path: Path) -> None:
    with nudging(f"redis+socket://{tmp_path}/nobody"):
        for _ in range(2):
            assert deliver(event({"object": "charge"}, "charge.updated")).status_code == 200
    assert InboxEvent.objects.filter(state="ready").count() == 2
    assert not Order.objects.exists()
