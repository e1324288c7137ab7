"""What is written when a document is issued, asked for again, or taken back."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from jumun.business_day import business_day
from jumun.invoices import archive
from jumun.invoices.documents.document import DocumentError, PaymentReference, canonical_json
from jumun.invoices.models import Cancellation, CreditNote, Invoice
from jumun.invoices.models.series import Series
from jumun.outbox.models import Job
from tests.factories import paid_order, place_order
from tests.invoices.crediting import credit, reference

pytestmark = pytest.mark.django_db


def jobs(number: str) -> dict[str, dict[str, Any]]:
    return {job.key: job.args for job in Job.objects.filter(key__contains=number)}


def entries(invoice: Invoice, number: str) -> list[tuple[str, Any]]:
    rows = invoice.order.timeline.filter(details__number=number).order_by("pk")
    return [(row.kind, row.details.get("amount_minor")) for row in rows]


def test_an_invoice_is_written_with_its_hash_its_jobs_and_its_entry() -> None:
    before = timezone.now()
    invoice = paid_order().invoice
    document = invoice.document
    assert document.number == invoice.number
    assert document.issued_on == business_day(invoice.issued_at)
    assert before <= invoice.issued_at <= timezone.now()
    assert invoice.document_json == canonical_json(document)
    assert invoice.document_sha256 == archive.digest(invoice.document_json.encode())
    assert jobs(invoice.number) == {
        f"invoices.archive:{invoice.number}": {"number": invoice.number},
        f"invoices.mail:{invoice.number}": {"number": invoice.number},
    }
    assert entries(invoice, invoice.number) == [("invoice_issued", None)]
    assert invoice.get_customer_url() == f"/orders/{invoice.order.reference}/invoice.pdf"
    assert invoice.for_order == invoice.order


def test_the_mail_waits_two_minutes_for_the_archive() -> None:
    invoice = paid_order().invoice
    mail = Job.objects.get(kind="invoices.mail", key__endswith=invoice.number)
    archived = Job.objects.get(kind="invoices.archive", key__endswith=invoice.number)
    assert (mail.run_at - archived.run_at).total_seconds() == pytest.approx(120, abs=0.5)


def test_an_invoice_says_how_it_was_paid_or_nothing_of_it() -> None:
    order = place_order()
    paid = PaymentReference(card_brand="visa", card_last4="4242", stripe_id="pi_1", paid_on=datetime.date(2026, 11, 30))
    assert Invoice.issue(order, paid_by=paid).document.paid == paid
    assert Invoice.issue(place_order(), paid_by=None).document.paid is None


def test_a_credit_note_is_written_with_its_refund_its_jobs_and_its_entry() -> None:
    invoice = paid_order().invoice
    note = credit(invoice, 4_000, "re_1")
    assert (note.invoice, note.refund_id, note.amount_minor) == (invoice, "re_1", 4_000)
    assert (note.document.paid, note.document.issued_on) == (reference("re_1"), business_day())
    assert set(jobs(note.number)) == {f"invoices.archive:{note.number}", f"invoices.mail:{note.number}"}
    assert entries(invoice, note.number) == [("credit_note_issued", 4_000)]
    assert note.get_customer_url() == f"/orders/{invoice.order.reference}/credit-notes/{note.number}.pdf"
    assert note.for_order == invoice.order


def test_what_stands_of_an_invoice_is_what_is_credited_and_not_taken_back() -> None:
    invoice, other = paid_order().invoice, paid_order().invoice
    assert CreditNote.creditable_minor(invoice) == 11_000
    first = credit(invoice, 4_000, "re_1")
    credit(invoice, 1_000, "re_2")
    credit(other, 500, "re_3")
    assert CreditNote.creditable_minor(invoice) == 6_000
    first.cancel()
    assert CreditNote.creditable_minor(invoice) == 10_000
    assert list(invoice.credit_notes.standing().values_list("refund_id", flat=True)) == ["re_2"]


def test_of_pieces_no_more_are_credited_than_are_left() -> None:
    invoice = paid_order().invoice
    credit(invoice, 5_500, "re_1", lines={1: 1})
    assert CreditNote.creditable_minor(invoice, {1: 1}) == 5_500
    with pytest.raises(DocumentError):
        credit(invoice, 5_500, "re_2", lines={1: 2})


def test_a_note_is_taken_back_once_and_alone() -> None:
    invoice = paid_order().invoice
    first, second = credit(invoice, 1_000, "re_1"), credit(invoice, 2_000, "re_2")
    CreditNote.take_back("re_unknown")
    assert not Cancellation.objects.exists()
    CreditNote.take_back("re_2")
    CreditNote.take_back("re_2")
    cancellation = Cancellation.objects.get()
    assert (cancellation.credit_note, cancellation.amount_minor) == (second, 2_000)
    assert cancellation.document.issued_on == business_day()
    assert cancellation.document.total_minor == 2_000
    assert entries(invoice, cancellation.number) == [("cancellation_issued", 2_000)]
    assert (
        cancellation.get_customer_url() == f"/orders/{invoice.order.reference}/credit-notes/{cancellation.number}.pdf"
    )
    assert cancellation.for_order == invoice.order
    assert first.cancel() == first.cancel() != second.cancel()


def test_notes_and_cancellations_share_a_series_of_their_own() -> None:
    invoice = paid_order().invoice
    note = credit(invoice, 1_000)
    cancellation = note.cancel()
    year = business_day().year
    assert [each.number for each in (note, cancellation)] == [f"TEST-CN-{year}-000001", f"TEST-CN-{year}-000002"]
    assert invoice.number.endswith(f"-{year}-000001")


def test_a_mail_is_sent_again_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = paid_order().invoice
    now = timezone.now().replace(second=1)
    for seconds in (0, 30, 60):
        moment = now + datetime.timedelta(seconds=seconds)
        monkeypatch.setattr("jumun.invoices.models.issued.timezone.now", lambda moment=moment: moment)
        invoice.send_again()
    again = Job.objects.filter(kind="invoices.mail", key__contains=f"{invoice.number}:")
    assert again.count() == 2
    for job in again:
        assert job.args == {"number": invoice.number, "again": job.key.rpartition(":")[2]}
    assert [kind for kind, _ in entries(invoice, invoice.number)] == ["invoice_issued"] + ["invoice_resend_asked"] * 3


def test_a_mail_that_is_asked_for_is_told_of_or_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = paid_order().invoice
    before = Job.objects.count()

    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(Invoice, "record", fail)
    with pytest.raises(RuntimeError):
        invoice.send_again()
    assert Job.objects.count() == before


def test_a_series_goes_on_after_another_programs_numbers_once() -> None:
    begun = Series.go_on_after("INV", 2031, 41)
    assert (begun.prefix, begun.year, begun.last_number, begun.begun_after) == ("INV", 2031, 41, 41)
    assert Series.next_number("INV", 2031) == "INV-2031-000042"
    assert Series.next_numbers("INV", 2031, count=2) == ["INV-2031-000043", "INV-2031-000044"]
    assert Series.next_numbers("INV", 2032, count=2) == ["INV-2032-000001", "INV-2032-000002"]
    assert Series.next_number("CN", 2031) == "CN-2031-000001"
    assert Series.objects.get(prefix="INV", year=2031).step == 2
    with pytest.raises(IntegrityError):
        Series.go_on_after("INV", 2031, 50)
