from jumun.invoices import mail
from jumun.invoices.by_number import by_number
from jumun.invoices.models import ArchivedPdf
from jumun.outbox.handlers import Record, job


@job("invoices.archive", network=True)
def archive_document(number: str) -> None:
    ArchivedPdf.keep(by_number(number))


@job("invoices.mail", network=True)
def send_document(number: str, again: str = "") -> Record:
    issued = by_number(number)
    mail.send(issued, again=again)
    return lambda: issued.record("sent")
