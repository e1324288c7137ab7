"""A refund that failed after all: its credit note is taken back by a document of its own, and nothing is changed."""

from pathlib import Path

import facturx
import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from lxml import etree

from jumun.invoices.models import Cancellation, CreditNote, DocumentIsFrozen
from jumun.outbox.worker import drain
from tests.factories import paid_order
from tests.invoices.crediting import credit
from tests.invoices.en16931 import violations
from tests.invoices.pdftotext import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "documents"}}
    settings.STORAGES = {**settings.STORAGES, "jumun_documents": kept}
    return tmp_path / "documents"


@pytest.fixture
def note() -> CreditNote:
    return credit(paid_order(language="en").invoice, 4_000)


def test_it_has_the_next_number_and_undoes_the_note_to_the_unit(note: CreditNote) -> None:
    undone, document = note.cancel(), note.cancel().document
    assert Cancellation.objects.get() == undone
    assert undone.number == note.number.replace("000001", "000002")
    assert (document.kind, document.refers_to) == ("cancellation", note.number)
    assert (document.net_minor, document.tax_minor) == (-note.document.net_minor, -note.document.tax_minor)


def test_the_invoice_can_be_credited_again(note: CreditNote) -> None:
    note.cancel()
    assert CreditNote.creditable_minor(note.invoice) == 11_000
    again = credit(note.invoice, 11_000, "re_2")
    assert [line.total_minor for line in again.document.lines] == [-11_000]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_paper_says_what_failed_and_that_nothing_is_to_be_paid(language: str) -> None:
    undone = credit(paid_order(language=language).invoice, 4_000).cancel()
    text = text_of(undone.document)
    said = {
        "en": ("Cancelled credit note", "Cancels credit note", "failed", "Nothing to pay", "Total ₩4,000"),
        "ko": ("환불 인보이스 취소", "환불이 실패했습니다", "결제할 금액 없음", "합계 ₩4,000"),
    }
    for string in (*said[language], undone.credit_note.number, "re_1"):
        assert string in text


def test_note_and_cancellation_carry_an_e_invoice_that_passes_the_rules(note: CreditNote) -> None:
    for issued, code in ((note, "381"), (note.cancel(), "383")):
        _name, xml = facturx.get_xml_from_pdf(issued.pdf(), check_xsd=True)
        assert xml == issued.xml()
        assert violations(xml) == []
        tree = etree.fromstring(xml)
        assert tree.xpath("//*[local-name()='ExchangedDocument']/*[local-name()='TypeCode']/text()") == [code]
        referred = tree.xpath("//*[local-name()='InvoiceReferencedDocument']/*[local-name()='IssuerAssignedID']/text()")
        assert referred == [issued.document.refers_to]


def test_the_worker_archives_and_mails_both(note: CreditNote, folder: Path) -> None:
    undone = note.cancel()
    mail.outbox.clear()
    drain()
    for issued in (note, undone):
        path = folder / "credit-notes" / str(issued.issued_at.year) / f"{issued.number}.pdf"
        assert path.read_bytes() == issued.make_pdf().content == issued.pdf()
    sent = {message.subject: message for message in mail.outbox}
    failed = sent[f"Your refund for order {note.invoice.order.number} has failed"]
    assert [name for name, _content, _type in failed.attachments] == [f"{undone.number}.pdf"]
    assert "nothing that you have to pay" in failed.body
    assert note.number in failed.body


def test_the_customer_gets_all_of_them_by_the_orders_reference(note: CreditNote) -> None:
    undone = note.cancel()
    page = Client().get(note.invoice.order.get_customer_url()).content.decode()
    for issued in (note, undone):
        assert issued.get_customer_url() in page
        assert Client().get(issued.get_customer_url()).content == issued.pdf()
        assert Client().get(issued.get_customer_url().replace(".pdf", ".xml")).content == issued.xml()
    elsewhere = note.get_customer_url().replace(note.invoice.order.reference, paid_order().reference)
    assert Client().get(elsewhere).status_code == 404


@pytest.mark.parametrize("sql", ["UPDATE {} SET document_json = '{{}}'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_it(note: CreditNote, sql: str) -> None:
    undone = note.cancel()
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        cursor.execute(sql.format("jumun_invoices_cancellation"))
    for act in (undone.save, undone.delete):
        with pytest.raises(DocumentIsFrozen):
            act()
