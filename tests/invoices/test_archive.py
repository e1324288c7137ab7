"""The PDF is made once, kept, and served as it was kept; what was tampered with is noticed and never served."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest
from django.core import mail
from django.core.checks import run_checks
from django.db import IntegrityError, connection, transaction
from django.test import Client

from jumun.audit import findings
from jumun.db.append_only import lifted
from jumun.invoices import archive
from jumun.invoices.documents.make_pdf import Layout, MadePdf
from jumun.invoices.documents.render_errors import RendererUnavailable
from jumun.invoices.models import ArchivedPdf, Invoice
from jumun.invoices.models.archived_pdf import LAYOUT_NAMES
from jumun.outbox.worker import drain
from tests.factories import paid_order

pytestmark = pytest.mark.django_db
FILES = "django.core.files.storage.FileSystemStorage"
MEMORY = "django.core.files.storage.InMemoryStorage"


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


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Killed(BaseException):
    pass


def killed(_row: ArchivedPdf, **_: object) -> None:
    raise Killed


def busy(_invoice: Invoice, _layout: str) -> bytes:
    raise RendererUnavailable


def made_as(patched: pytest.MonkeyPatch, layout: Layout) -> None:
    patched.setattr(Invoice, "make_pdf", lambda invoice: MadePdf(content=invoice.render_as(layout), layout=layout))


def only_file(folder: Path) -> Path:
    (path,) = [path for path in folder.rglob("*") if path.is_file()]
    return path


def test_the_worker_keeps_the_pdf_of_a_paid_order(invoice: Invoice, folder: Path) -> None:
    path = only_file(folder)
    assert path.name == f"{invoice.number}.pdf"
    assert path.read_bytes() == invoice.make_pdf().content
    assert invoice.archived.size_bytes == path.stat().st_size
    assert invoice.archived.sha256 == archive.digest(path.read_bytes())


def test_customer_and_staff_get_what_was_kept(invoice: Invoice, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(Invoice, "render_as", lambda _invoice, _layout: b"made anew")
    assert Client().get(invoice.get_customer_url()).content == only_file(folder).read_bytes()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"%PDF forged")])
def test_a_file_that_is_gone_or_forged_is_made_anew_and_told(invoice: Invoice, folder: Path, damage, caplog) -> None:
    kept = only_file(folder).read_bytes()
    damage(only_file(folder))
    assert Client().get(invoice.get_customer_url()).content == kept
    assert invoice.archived.name in caplog.text
    assert invoice.archived.restore(invoice.render_as)
    assert only_file(folder).read_bytes() == kept


def test_a_file_that_cannot_be_read_is_made_anew_and_found_by_the_audit(invoice: Invoice, folder: Path, caplog) -> None:
    kept = only_file(folder)
    content = kept.read_bytes()
    kept.unlink()
    kept.mkdir()
    assert Client().get(invoice.get_customer_url()).content == content
    assert "cannot be read" in caplog.text
    assert [finding.subject for finding in findings(files=True)] == [invoice.archived.name]


def test_a_record_that_leads_elsewhere_is_found_by_the_audit(invoice: Invoice, caplog) -> None:
    elsewhere, name = "../../etc/passwd", invoice.archived.name
    with lifted(connection):
        ArchivedPdf.objects.update(name=elsewhere)
    assert {finding.subject for finding in findings(files=True)} == {elsewhere, name}
    assert Client().get(invoice.get_customer_url()).content == invoice.make_pdf().content


def test_two_workers_that_keep_one_document_leave_one_record(invoice: Invoice, folder: Path, monkeypatch) -> None:
    """Both have seen that there is none."""
    looked = [None, invoice.archived]
    monkeypatch.setattr(Invoice, "archived", property(lambda _invoice: looked.pop(0)))
    invoice.keep_pdf()
    assert ArchivedPdf.objects.count() == 1
    assert only_file(folder)


def test_what_cannot_be_made_the_same_again_is_left_for_staff_to_see(invoice: Invoice, folder: Path, monkeypatch):
    only_file(folder).write_bytes(b"%PDF forged")
    monkeypatch.setattr(Invoice, "render_as", lambda _invoice, _layout: b"another version of the typesetter")
    assert not invoice.archived.restore(invoice.render_as)
    assert only_file(folder).read_bytes() == b"%PDF forged"


def test_the_first_download_makes_the_pdf_and_keeps_it(folder: Path) -> None:
    """Before the worker came round. From then on all get the same bytes, whatever a later version would make."""
    invoice = paid_order().invoice
    downloaded = Client().get(invoice.get_customer_url()).content
    assert downloaded == invoice.make_pdf().content == only_file(folder).read_bytes()
    before = only_file(folder).stat().st_mtime_ns
    drain()
    assert only_file(folder).stat().st_mtime_ns == before
    assert mail.outbox[0].attachments[0].content == downloaded


def test_who_comes_second_gets_what_was_archived_first(invoice: Invoice, folder: Path, monkeypatch) -> None:
    """Two make the PDF at the same time, and one of them in another layout."""
    kept = only_file(folder).read_bytes()
    looked = [None, invoice.archived]
    monkeypatch.setattr(Invoice, "archived", property(lambda _invoice: looked.pop(0)))
    monkeypatch.setattr(Invoice, "make_pdf", lambda _invoice: MadePdf(content=b"%PDF another", layout="plain"))
    assert invoice.pdf() == kept
    assert only_file(folder).read_bytes() == kept


def test_each_layout_has_a_name() -> None:
    assert set(LAYOUT_NAMES) == set(get_args(Layout))


@pytest.mark.parametrize("layout", ["site", "plain"])
def test_a_layout_other_than_the_sites_is_written_to_the_log(
    invoice: Invoice, monkeypatch, caplog, layout: str
) -> None:
    made = MadePdf(content=b"%PDF", layout=layout, reason="a broken theme")
    monkeypatch.setattr("jumun.invoices.models.issued.make_pdf", lambda *_: made)
    assert invoice.make_pdf() == made
    assert ("a broken theme" in caplog.text) is (layout == "plain")


def test_who_comes_second_gets_their_own_where_the_first_is_gone(
    invoice: Invoice, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_file(folder).unlink()
    looked = [None, invoice.archived]
    monkeypatch.setattr(Invoice, "archived", property(lambda _invoice: looked.pop(0)))
    monkeypatch.setattr(Invoice, "make_pdf", lambda _invoice: MadePdf(content=b"%PDF another", layout="plain"))
    assert invoice.pdf() == b"%PDF another"


def test_a_record_that_the_database_refuses_without_another_is_an_error(invoice: Invoice, monkeypatch) -> None:
    monkeypatch.setattr(Invoice, "archived", None)
    with pytest.raises(IntegrityError):
        invoice.keep_pdf()


def test_a_disk_that_is_full_leaves_no_part_of_a_file_and_keeps_nobody_waiting(folder: Path, caplog) -> None:
    """The kernel itself refuses to write more than so many bytes into a file."""
    invoice = paid_order().invoice
    with largest_file(10_000):
        downloaded = Client().get(invoice.get_customer_url()).content
        with pytest.raises(OSError, match="File too large"):
            invoice.keep_pdf()
    assert downloaded.startswith(b"%PDF-")
    assert f"the PDF of {invoice.number} cannot be archived" in caplog.text
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert invoice.archived is None
    invoice.keep_pdf()
    assert only_file(folder).read_bytes() == downloaded


def test_a_disk_that_is_full_while_a_file_is_put_back_leaves_what_was_there(invoice: Invoice, folder: Path) -> None:
    kept = only_file(folder).read_bytes()
    only_file(folder).write_bytes(b"%PDF forged")
    with largest_file(10_000), pytest.raises(OSError, match="File too large"):
        invoice.keep_pdf()
    assert only_file(folder).read_bytes() == b"%PDF forged"
    invoice.keep_pdf()
    assert only_file(folder).read_bytes() == kept


def test_a_storage_without_files_keeps_it_too(settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "jumun_documents": {"BACKEND": MEMORY}}
    invoice = paid_order().invoice
    invoice.keep_pdf()
    content = invoice.archived.content()
    assert content == invoice.pdf()
    archive.storage().delete(invoice.archived.name)
    invoice.keep_pdf()
    assert invoice.archived.content() == content


def test_archiving_twice_changes_nothing(invoice: Invoice, folder: Path) -> None:
    before = only_file(folder).stat().st_mtime_ns
    invoice.keep_pdf()
    assert invoice.archived.restore(invoice)
    assert only_file(folder).stat().st_mtime_ns == before


def test_a_file_left_by_a_worker_that_died_before_its_commit_is_taken_over(invoice: Invoice, folder: Path) -> None:
    other = paid_order().invoice
    archive.store(f"invoices/{other.issued_at.year}/{other.number}.pdf", other.make_pdf().content)
    other.keep_pdf()
    assert len(list(folder.rglob("*.pdf"))) == 2


@pytest.mark.parametrize(("first", "second"), [("plain", "site"), ("site", "plain"), ("spelled", "site")])
def test_a_file_in_another_layout_left_by_a_killed_worker_is_taken_over(
    folder: Path, monkeypatch, first: Layout, second: Layout
) -> None:
    """The PDF engine died under one of the two: then a document is set in another layout."""
    invoice = paid_order(name="กี").invoice
    with monkeypatch.context() as patched:
        made_as(patched, first)
        patched.setattr(ArchivedPdf, "save", killed)
        with pytest.raises(Killed):
            invoice.keep_pdf()
    left = only_file(folder).read_bytes()
    made_as(monkeypatch, second)
    drain()
    assert only_file(folder).read_bytes() == left == invoice.pdf()
    assert (only_file(folder).name, invoice.archived.layout) == (f"{invoice.number}.pdf", first)
    assert list(findings(files=True)) == []


@pytest.mark.parametrize("forge", [lambda _other: b"%PDF forged", Invoice.pdf])
def test_a_forged_or_swapped_file_is_not_taken_over_and_is_found_by_the_audit(folder: Path, forge, caplog) -> None:
    """It has the name of a PDF that is still to be made."""
    other, invoice = paid_order().invoice, paid_order().invoice
    name = f"invoices/{invoice.issued_at.year}/{invoice.number}.pdf"
    archive.store(name, forge(other))
    drain()
    assert invoice.pdf() == invoice.make_pdf().content == archive.fetch(invoice.archived.name)
    assert invoice.archived.name != name
    assert "another document as" in caplog.text
    assert [finding.subject for finding in findings(files=True)] == [name]


def test_an_engine_that_is_busy_decides_about_no_file(folder: Path, monkeypatch) -> None:
    """Whether a file is the document's PDF is decided by the next try of the job."""
    invoice = paid_order().invoice
    left = invoice.render_as("plain")
    archive.store(f"invoices/{invoice.issued_at.year}/{invoice.number}.pdf", left)
    with monkeypatch.context() as patched:
        patched.setattr(Invoice, "render_as", busy)
        with pytest.raises(RendererUnavailable):
            invoice.keep_pdf()
    assert only_file(folder).read_bytes() == left
    invoice.keep_pdf()
    assert invoice.pdf() == left


def test_two_that_store_one_document_at_the_same_instant_leave_one_file(folder: Path, monkeypatch) -> None:
    """In two layouts; both have seen that there is none."""
    invoice = paid_order().invoice
    plain = invoice.render_as("plain")
    write = archive._write

    def beaten(kept, name: str, content: bytes, **how) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(plain)
        write(kept, name, content, **how)

    monkeypatch.setattr(archive, "_write", beaten)
    invoice.keep_pdf()
    assert only_file(folder).read_bytes() == plain == invoice.pdf()


def test_what_two_keep_under_one_name_at_the_same_instant_is_both_kept(folder: Path, monkeypatch) -> None:
    """Both have seen that the name is free, and have written their files beside it."""
    kept = archive.storage()
    available = kept.get_available_name

    def get_available_name(name: str, **more: int) -> str:
        found = available(name, **more)
        if found == "a.pdf":
            (folder / name).write_bytes(b"%PDF of the other")
        return found

    folder.mkdir()
    monkeypatch.setattr(kept, "get_available_name", get_available_name)
    name = archive.store("a.pdf", b"%PDF ours")
    assert name != "a.pdf"
    assert (archive.fetch("a.pdf"), archive.fetch(name)) == (b"%PDF of the other", b"%PDF ours")
    assert [path for path in folder.iterdir() if path.suffix == ".part"] == []


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
