from jumun.invoices import mail
from jumun.invoices.models import Invoice
from jumun.outbox.handlers import job


@job("invoices.mail", network=True)
def send_invoice(invoice_pk: int) -> None:
    mail.send(Invoice.objects.select_related("order").get(pk=invoice_pk))
