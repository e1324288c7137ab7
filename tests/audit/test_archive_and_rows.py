"""The archive and the rows are compared both ways: what one has and the other has not is named."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from jumun.audit import findings, notes
from jumun.db import append_only
from jumun.invoices import archive
from jumun.invoices.documents.make_pdf import MadePdf
from jumun.invoices.models import ArchivedPdf, Invoice, Series, SkippedNumbers
from jumun.outbox.models import Job
from tests.factories import paid_order

pytestmark = pytest.mark.django_db


def told(*, files: bool = True) -> dict[str, str]:
    return {row.subject: row.problem for row in findings(files=files)}


def archived() -> Invoice:
    invoice = paid_order().invoice
    invoice.archive_pdf(MadePdf(content=f"%PDF-{invoice.number}".encode(), layout="site"))
    Job.objects.filter(kind="invoices.archive").update(state="done")
    return invoice


def lose(*invoices: Invoice) -> None:
    """As a backup that was restored has lost them: without a trace in the database."""
    with append_only.lifted(connection):
        numbers = [invoice.number for invoice in invoices]
        ArchivedPdf.objects.filter(number__in=numbers).delete()
        Invoice.objects.filter(number__in=numbers)._raw_delete("default")


def test_what_belongs_together_is_no_finding() -> None:
    archived()
    assert told() == {}


def test_documents_that_a_restored_backup_has_lost_are_named_by_their_files() -> None:
    kept = archived()
    before = Series.objects.values("last_number", "last_seal", "head").get()
    lost = [archived(), archived()]
    lose(*lost)
    with append_only.lifted(connection):
        Series.objects.update(**before)
    files = {f"invoices/{invoice.issued_at:%Y}/{invoice.number}.pdf" for invoice in lost}
    problems = told()
    assert files <= set(problems)
    assert all("there is no document" in problems[name] for name in files)
    # Their orders are paid and have no invoice any more; nothing else is wrong.
    assert {subject for subject in problems if subject.endswith(".pdf")} == files
    assert kept.number not in problems


def test_a_file_whose_number_was_skipped_is_no_finding() -> None:
    archived()
    before = Series.objects.values("last_number", "last_seal", "head").get()
    lost = archived()
    lose(lost)
    with append_only.lifted(connection):
        Series.objects.update(**before)
    series = Series.objects.get()
    SkippedNumbers.skip_to(series.prefix, series.year, series.last_number + 1, reason="a backup was restored")
    assert [subject for subject in told() if subject.endswith(".pdf")] == []
    assert list(notes()) == [f"{lost.number}: skipped on {timezone.now():%Y-%m-%d} (a backup was restored)"]


def test_a_document_whose_record_is_gone_is_named_with_its_file() -> None:
    invoice = archived()
    name = invoice.archived.name
    with append_only.lifted(connection):
        ArchivedPdf.objects.all().delete()
    assert set(told()) == {invoice.number, name}
    # Without reading files as well.
    assert set(told(files=False)) == {invoice.number}


def test_a_document_whose_pdf_is_still_to_be_made_is_no_finding() -> None:
    invoice = archived()
    with append_only.lifted(connection):
        ArchivedPdf.objects.all().delete()
    Job.objects.filter(kind="invoices.archive").update(state="ready")
    assert told() == {}
    assert invoice.archived is None


def test_a_record_without_a_document_is_named() -> None:
    invoice = archived()
    name = invoice.archived.name
    with append_only.lifted(connection):
        Invoice.objects.filter(pk=invoice.pk)._raw_delete("default")
    assert name in told(files=False)


@pytest.mark.parametrize("name", ["notes.txt", "invoices/2020/TEST-INV-2020-000001.pdf", "elsewhere/deep/x.pdf"])
def test_a_stray_file_is_named(name: str) -> None:
    archived()
    archive.storage().save(name, ContentFile(b"%PDF-"))
    assert set(told()) == {name}


def test_a_second_file_of_a_document_is_named() -> None:
    invoice = archived()
    name = f"elsewhere/{invoice.number}.pdf"
    archive.storage().save(name, ContentFile(b"%PDF-"))
    assert "is not the file that was archived" in told()[name]


def test_what_a_killed_process_left_half_written_is_no_finding() -> None:
    invoice = archived()
    archive.storage().save(f"invoices/2026/{invoice.number}.pdf.{'0' * 32}.part", ContentFile(b"%PD"))
    assert told() == {}


def test_an_archive_that_cannot_be_listed_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = archived()
    name = invoice.archived.name
    monkeypatch.setattr(type(archive.storage()), "listdir", _refuse)
    assert told() == {}
    archive.replace(name, b"%PDF-forged")
    assert set(told()) == {name}


def _refuse(*_args: object) -> None:
    raise NotImplementedError
