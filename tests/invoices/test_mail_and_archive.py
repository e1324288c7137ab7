"""The mail waits for the PDF that the archive makes, though not for ever: neither needs the other to be done."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from jumun.invoices.models import ArchivedPdf, Invoice
from jumun.invoices.models.issued import MAIL_WAITS_S
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job
from jumun.outbox.worker import drain, work_once
from tests.factories import paid_order

pytestmark = pytest.mark.django_db


def test_the_pdf_is_made_once_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    really = Invoice.make_pdf

    def make_pdf(invoice: Invoice) -> Any:
        made.append(invoice.number)
        return really(invoice)

    monkeypatch.setattr(Invoice, "make_pdf", make_pdf)
    invoice = paid_order().invoice
    assert work_once(Lane.MAIL) == 0
    drain()
    assert made == [invoice.number]
    (message,) = mail.outbox
    assert message.attachments[0].content == invoice.archived.content()


def test_an_archive_that_fails_does_not_hold_the_mail_up(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    options = {"location": tmp_path / "file" / "in a file"}
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "jumun_documents": kept}
    paid_order()
    drain()
    assert (len(mail.outbox), ArchivedPdf.objects.count()) == (1, 0)
    assert Job.objects.get(kind="invoices.archive").attempts == 1


def test_an_archive_that_hangs_holds_the_mail_up_for_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    paid_order()
    assert Job.claim(1, Lane.DOCUMENTS), "by a worker that never ends"
    later = timezone.now() + timedelta(seconds=MAIL_WAITS_S)
    assert work_once(Lane.MAIL) == 0
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: later)
        assert work_once(Lane.MAIL) == 1
    assert len(mail.outbox) == 1
