"""A mail goes out once per success of the mail server, whatever fails afterwards. A real server over a real socket."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from jumun.orders.models import Order
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from jumun.outbox.worker import drain, work
from jumun.payments.mail import enqueue_dispute_warnings
from jumun.payments.merge import apply
from jumun.payments.models import Payment, Refund
from tests.factories import paid_order
from tests.invoices.mail_server import GOODBYES, MailServer, mail_server
from tests.payments.disputing import dispute_of
from tests.refusing import refusing

pytestmark = pytest.mark.django_db(transaction=True)

TIMELINE = "jumun_orders_timelineentry"
JOBS = "jumun_outbox_job"


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_TIMEOUT = None
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


def invoice(_payment: Payment) -> None: ...


def auto_refund(payment: Payment) -> None:
    Job.enqueue("payments.mail_auto_refund", key="once", payment_pk=payment.pk)


def staff_auto_refund(payment: Payment) -> None:
    Job.enqueue("payments.mail_staff_auto_refund", key="once", payment_pk=payment.pk)


def refund(payment: Payment) -> None:
    refund = Refund.objects.create(
        payment=payment, refund_id="re_1", amount_minor=1, currency="KRW", status="succeeded"
    )
    Job.enqueue("payments.mail_refund", key="once", refund_pk=refund.pk)


def dispute(payment: Payment) -> None:
    due_by = int((timezone.now() + timedelta(days=2)).timestamp())
    apply(dispute_of(payment, evidence_details={"due_by": due_by}))
    assert enqueue_dispute_warnings() == 1


# Each kind of mail, and what its timeline says when it is out.
MAILS: dict[str, tuple[Callable[[Payment], None], str]] = {
    "invoices.mail": (invoice, "invoice_sent"),
    "payments.mail_auto_refund": (auto_refund, "auto_refund_mailed"),
    "payments.mail_staff_auto_refund": (staff_auto_refund, ""),
    "payments.mail_refund": (refund, "refund_mailed"),
    "payments.mail_dispute": (dispute, ""),
}


def waiting_mail(kind: str) -> Order:
    """An order with that mail to be sent, and nothing else to be done."""
    order = paid_order()
    MAILS[kind][0](order.payments.get())
    Job.objects.exclude(kind=kind).delete()
    make_due()
    return order


def make_due() -> None:
    Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))


def told(order: Order, kind: str) -> int:
    return order.timeline.filter(kind=MAILS[kind][1]).count()


def test_every_mail_of_the_store_is_here() -> None:
    from jumun.outbox.handlers import _handlers

    assert {handler.kind for handler in _handlers.values() if handler.lane == Lane.MAIL} == set(MAILS)


@pytest.mark.parametrize("kind", [kind for kind, (_make, entry) in MAILS.items() if entry])
def test_a_timeline_that_is_refused_for_long_sends_nothing_again(server: MailServer, kind: str) -> None:
    order = waiting_mail(kind)
    with refusing("INSERT", TIMELINE):
        for _ in range(5):
            drain()
            make_due()
        job = Job.objects.get()
        assert (job.state, "the disk is full" in job.last_error) == ("ready", True)
    assert (len(server.received), told(order, kind)) == (1, 0)
    drain()
    assert Job.objects.get().state == "done"
    assert (len(server.received), len(server.accepted), told(order, kind)) == (1, 1, 1)


def test_a_timeline_that_is_never_written_parks_the_record_and_staff_send_nothing_again(server: MailServer) -> None:
    order = waiting_mail("invoices.mail")
    with refusing("INSERT", TIMELINE):
        while Job.objects.get().state == "ready":
            drain()
            make_due()
    assert Job.objects.get().requeue()
    drain()
    assert Job.objects.get().state == "done"
    assert (len(server.received), told(order, "invoices.mail")) == (1, 1)


@pytest.mark.parametrize("kind", MAILS)
def test_a_job_that_cannot_be_ended_sends_nothing_again(server: MailServer, kind: str) -> None:
    waiting_mail(kind)
    with refusing("UPDATE", JOBS, when="NEW.state = 'done'"):
        for _ in range(5):
            drain()
            make_due()
    assert len(server.received) == 1
    drain()
    assert (Job.objects.get().state, len(server.received)) == ("done", 1)


@pytest.mark.parametrize("kind", MAILS)
def test_a_worker_that_can_record_nothing_keeps_the_lease_and_remembers(
    server: MailServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the mail server's answer on, every change of the job is refused but the renewal of its lease."""
    monkeypatch.setattr("jumun.outbox.models.RECORD_AGAIN_S", 0.1)
    order, stop = waiting_mail(kind), threading.Event()
    refused = "OLD.lease_token IS NOT NULL AND (NEW.accepted_at IS NOT NULL OR NEW.lease_token IS NULL)"
    worker = threading.Thread(target=work, args=(stop,), kwargs={"lanes": [Lane.MAIL]})
    with refusing("UPDATE", JOBS, when=refused):
        worker.start()
        wait_until(lambda: server.accepted)
        time.sleep(1)
        assert Job.claim(10) == []
    wait_until(lambda: Job.objects.filter(state="done", kind=kind).exists())
    stop.set()
    worker.join(60)
    assert len(server.received) == 1
    assert told(order, kind) == bool(MAILS[kind][1])


def test_a_database_that_refuses_everything_for_longer_than_a_lease(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even leases can be renewed. Those who come back renew theirs before any claims what looks abandoned."""
    monkeypatch.setattr("jumun.outbox.lease.LEASE_S", 1)
    waiting_mail("invoices.mail")
    stop = threading.Event()
    workers = [threading.Thread(target=work, args=(stop,), kwargs={"lanes": [Lane.MAIL]}) for _ in range(2)]
    with refusing("UPDATE", JOBS, when="OLD.lease_token IS NOT NULL"):
        for worker in workers:
            worker.start()
        wait_until(lambda: server.accepted)
        wait_until(lambda: Job.objects.filter(run_at__lt=timezone.now() - timedelta(seconds=2)).exists())
    wait_until(lambda: Job.objects.filter(state="done").exists())
    stop.set()
    for worker in workers:
        worker.join(60)
    assert len(server.received) == 1


@pytest.mark.parametrize("goodbye", GOODBYES)
def test_a_goodbye_that_fails_is_not_a_mail_that_failed(
    server: MailServer, goodbye: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jumun.mail.TIMEOUT_S", 1.0)
    server.failing = goodbye
    waiting_mail("invoices.mail")
    drain()
    assert (Job.objects.get().state, len(server.accepted)) == ("done", 1)


def test_a_recipient_that_is_refused_for_good_is_left_to_staff_at_once(server: MailServer) -> None:
    server.failing, server.code = "RCPT", 550
    waiting_mail("invoices.mail")
    drain()
    job = Job.objects.get()
    assert (job.state, job.attempts) == ("parked", 1)
    assert job.last_error == "MailRefused: the mail server refuses the recipient: 550 not now"


@pytest.mark.parametrize(
    "email", ["홍길동@example.com", "a@b..c", "a@", "nobody", f"a@{'가' * 64}.kr", "a@b.kr\nBcc: c@d.kr"]
)
def test_an_address_that_no_mail_can_carry_is_left_to_staff_at_once(server: MailServer, email: str) -> None:
    order = waiting_mail("invoices.mail")
    Order.objects.filter(pk=order.pk).update(email=email)
    drain()
    job = Job.objects.get()
    assert (job.state, job.attempts, server.received) == ("parked", 1, [])
    assert job.last_error == "MailRefused: this address cannot be written into a mail"


def wait_until(true: Callable[[], object]) -> None:
    give_up = time.monotonic() + 90
    while not true():
        assert time.monotonic() < give_up, list(Job.objects.values_list("kind", "state", "last_error"))
        time.sleep(0.05)
    connection.close()
