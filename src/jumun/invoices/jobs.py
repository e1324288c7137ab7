from jumun.invoices import mail
from jumun.invoices.models import ArchivedPdf, Invoice
from jumun.outbox.handlers import job


@job("invoices.mail", network=True)
def send_invoice(invoice_pk: int, again: str = "") -> None:
    mail.send(Invoice.objects.select_related("order").get(pk=invoice_pk), again=again)


@job("invoices.archive", network=True)
def archive_invoice(invoice_pk: int) -> None:
    ArchivedPdf.keep(Invoice.objects.get(pk=invoice_pk))
