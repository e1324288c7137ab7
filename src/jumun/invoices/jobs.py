from jumun.invoices import credit_note_mail, mail
from jumun.invoices.models import CreditNote, Invoice
from jumun.outbox.handlers import job


@job("invoices.mail", network=True)
def send_invoice(invoice_pk: int) -> None:
    mail.send(Invoice.objects.select_related("order").get(pk=invoice_pk))


@job("invoices.mail_credit_note", network=True)
def send_credit_note(credit_note_pk: int) -> None:
    credit_note_mail.send(CreditNote.objects.select_related("invoice__order").get(pk=credit_note_pk))
