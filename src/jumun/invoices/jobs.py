from jumun.invoices import credit_note_mail, mail
from jumun.invoices.models import ArchivedPdf, CreditNote, Invoice
from jumun.outbox.handlers import job


@job("invoices.mail", network=True)
def send_invoice(invoice_pk: int, again: str = "") -> None:
    mail.send(Invoice.objects.select_related("order").get(pk=invoice_pk), again=again)


@job("invoices.archive", network=True)
def archive_invoice(invoice_pk: int) -> None:
    ArchivedPdf.keep(Invoice.objects.get(pk=invoice_pk))


@job("invoices.mail_credit_note", network=True)
def send_credit_note(credit_note_pk: int) -> None:
    credit_note_mail.send(CreditNote.objects.select_related("invoice__order").get(pk=credit_note_pk))
