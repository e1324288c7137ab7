"""Whatever the mail server does, no mail is lost, and none is accepted twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from jumun.invoices.models import CreditNote
from jumun.outbox.lease import BACKOFF_FIRST_S
from jumun.outbox.models import Job
from jumun.outbox.worker import drain
from tests.factories import paid_order
from tests.invoices.crediting import credit
from tests.invoices.mail_server import STAGES, MailServer, mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_TIMEOUT = 10
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


def note() -> CreditNote:
    """A credit note whose mail is the only work that waits."""
    issued = credit(paid_order().invoice, 1_000)
    Job.objects.exclude(kind="invoices.mail", key__contains="CN-").delete()
    Job.objects.update(run_at=timezone.now())
    return issued


def work_until_due_again() -> Job:
    begun_at = timezone.now()
    drain()
    waiting = Job.objects.get()
    if waiting.state == "ready":
        assert waiting.run_at > begun_at + timedelta(seconds=BACKOFF_FIRST_S / 2), "it is not tried again at once"
        Job.objects.update(run_at=timezone.now() - timedelta(seconds=1))
    return waiting


@pytest.mark.parametrize("stage", STAGES)
def test_a_mail_that_fails_at_any_stage_is_tried_again_and_accepted_once(server: MailServer, stage: str) -> None:
    issued = note()
    server.failing = stage
    for _ in range(2):
        assert work_until_due_again().state == "ready"
    assert server.accepted == []
    server.failing = None
    assert work_until_due_again().state == "done"
    drain()
    (mail,) = server.accepted
    assert [part.get_filename() for part in mail.iter_attachments()] == [f"{issued.number}.pdf"]
    # Where a server has kept what it never confirmed, it can tell by this that it is the same.
    assert {received["Message-ID"] for received in server.received} == {mail["Message-ID"]}


def test_a_mail_server_that_is_away_is_waited_for(server: MailServer, settings) -> None:
    note()
    settings.EMAIL_PORT = 9  # discard: nobody listens there
    assert work_until_due_again().last_error
    settings.EMAIL_PORT = server.port
    assert work_until_due_again().state == "done"
    assert len(server.accepted) == 1


def test_a_server_that_says_never_leaves_the_mail_to_staff(server: MailServer) -> None:
    note()
    server.failing, server.code = "RCPT", 550
    while work_until_due_again().state == "ready":
        pass
    assert Job.objects.get().state == "parked"
    server.failing = None
    assert Job.objects.get().requeue()
    assert work_until_due_again().state == "done"
    assert len(server.accepted) == 1
