from jumun.invoices import mail
from jumun.invoices.by_number import by_number
from jumun.outbox.handlers import Record, job


@job("invoices.archive", network=True)
def archive_document(number: str) -> None:
    by_number(number).keep_pdf()


@job("invoices.mail", network=True)
def send_document(number: str, again: str = "") -> Record:
    issued = by_number(number)
    mail.send(issued, again=again)
    return lambda: issued.record("sent")
