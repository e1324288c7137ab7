from jumun.invoices import credit_note_mail, mail
from jumun.invoices.models import ArchivedPdf, CreditNote, Invoice
from jumun.orders.timeline import Kind
from jumun.outbox.handlers import job


@job("invoices.mail", network=True)
def send_invoice(invoice_pk: int, again: str = "") -> None:
    invoice = Invoice.objects.select_related("order").get(pk=invoice_pk)
    mail.send(invoice, again=again)
    invoice.order.record(Kind.INVOICE_SENT, number=invoice.number)


@job("invoices.archive", network=True)
def archive_invoice(invoice_pk: int) -> None:
    ArchivedPdf.keep(Invoice.objects.get(pk=invoice_pk))


@job("invoices.mail_credit_note", network=True)
def send_credit_note(credit_note_pk: int) -> None:
    note = CreditNote.objects.select_related("invoice__order").get(pk=credit_note_pk)
    credit_note_mail.send(note)
    note.invoice.order.record(Kind.CREDIT_NOTE_SENT, number=note.number)
