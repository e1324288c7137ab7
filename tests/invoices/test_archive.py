"""The PDF is made once, kept, and served as it was kept; what was tampered with is noticed and never served."""

from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import IntegrityError, connection, transaction
from django.test import Client

from jumun.audit import findings
from jumun.frozen import lifted
from jumun.invoices import archive
from jumun.invoices.models import ArchivedPdf, Invoice
from jumun.outbox.worker import drain
from tests.factories import paid_order

pytestmark = pytest.mark.django_db
FILES = "django.core.files.storage.FileSystemStorage"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    kept = {"BACKEND": FILES, "OPTIONS": {"location": tmp_path / "documents"}}
    settings.STORAGES = {**settings.STORAGES, "jumun_documents": kept}
    return tmp_path / "documents"


@pytest.fixture
def invoice() -> Invoice:
    """An invoice whose jobs have run."""
    found = paid_order().invoice
    drain()
    return found


def only_file(folder: Path) -> Path:
    (path,) = [path for path in folder.rglob("*") if path.is_file()]
    return path


def test_the_worker_keeps_the_pdf_of_a_paid_order(invoice: Invoice, folder: Path) -> None:
    path = only_file(folder)
    assert path.name == f"{invoice.number}.pdf"
    assert path.read_bytes() == invoice.render()
    assert invoice.archived.size_bytes == path.stat().st_size
    assert invoice.archived.sha256 == archive.digest(path.read_bytes())


def test_customer_and_staff_get_what_was_kept(invoice: Invoice, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(Invoice, "render", lambda _invoice: b"made anew")
    assert Client().get(invoice.get_absolute_url()).content == only_file(folder).read_bytes()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"%PDF forged")])
def test_a_file_that_is_gone_or_forged_is_made_anew_and_told(invoice: Invoice, folder: Path, damage, caplog) -> None:
    kept = only_file(folder).read_bytes()
    damage(only_file(folder))
    assert Client().get(invoice.get_absolute_url()).content == kept
    assert invoice.archived.name in caplog.text
    assert invoice.archived.restore(invoice)
    assert only_file(folder).read_bytes() == kept


def test_a_file_that_cannot_be_read_is_made_anew_and_found_by_the_audit(invoice: Invoice, folder: Path, caplog) -> None:
    kept = only_file(folder)
    content = kept.read_bytes()
    kept.unlink()
    kept.mkdir()
    assert Client().get(invoice.get_absolute_url()).content == content
    assert "cannot be read" in caplog.text
    assert [finding.subject for finding in findings(files=True)] == [invoice.archived.name]


def test_a_record_that_leads_elsewhere_is_found_by_the_audit(invoice: Invoice, caplog) -> None:
    elsewhere = "../../etc/passwd"
    with lifted(connection):
        ArchivedPdf.objects.update(name=elsewhere)
    assert [finding.subject for finding in findings(files=True)] == [elsewhere]
    assert Client().get(invoice.get_absolute_url()).content == invoice.render()


def test_two_workers_that_keep_one_document_leave_one_record(invoice: Invoice, folder: Path, monkeypatch) -> None:
    """Both have seen that there is none."""
    looked = [None, invoice.archived]
    monkeypatch.setattr(Invoice, "archived", property(lambda _invoice: looked.pop(0)))
    ArchivedPdf.keep(invoice)
    assert ArchivedPdf.objects.count() == 1
    assert only_file(folder)


def test_what_cannot_be_made_the_same_again_is_left_for_staff_to_see(invoice: Invoice, folder: Path, monkeypatch):
    only_file(folder).write_bytes(b"%PDF forged")
    monkeypatch.setattr(Invoice, "render", lambda _invoice: b"another version of the typesetter")
    assert not invoice.archived.restore(invoice)
    assert only_file(folder).read_bytes() == b"%PDF forged"


def test_before_the_worker_came_round_the_paper_is_there_all_the_same() -> None:
    invoice = paid_order().invoice
    assert Client().get(invoice.get_absolute_url()).content == invoice.render()


def test_archiving_twice_changes_nothing(invoice: Invoice, folder: Path) -> None:
    before = only_file(folder).stat().st_mtime_ns
    ArchivedPdf.keep(invoice)
    assert only_file(folder).stat().st_mtime_ns == before


def test_a_file_left_by_a_worker_that_died_before_its_commit_is_taken_over(invoice: Invoice, folder: Path) -> None:
    other = paid_order().invoice
    archive.store(f"invoices/{other.issued_at.year}/{other.number}.pdf", other.render())
    ArchivedPdf.keep(other)
    assert len(list(folder.rglob("*.pdf"))) == 2


def test_the_record_is_final(invoice: Invoice) -> None:
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        ArchivedPdf.objects.update(sha256="0" * 64)
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        ArchivedPdf.objects.all().delete()


def test_the_checks_want_a_place_that_nobody_publishes(settings, tmp_path: Path) -> None:
    def told() -> list[str | None]:
        return [message.id for message in run_checks() if message.id in {"jumun.E022", "jumun.E023"}]

    assert told() == []
    settings.MEDIA_ROOT = str(tmp_path)
    assert told() == ["jumun.E023"]
    settings.STORAGES = {name: value for name, value in settings.STORAGES.items() if name != "jumun_documents"}
    assert told() == ["jumun.E022"]
