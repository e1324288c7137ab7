from jumun.invoices import mail
from jumun.invoices.by_number import by_number
from jumun.outbox.handlers import job
from jumun.outbox.lanes import Lane
from jumun.outbox.models import Job


@job("invoices.archive", lane=Lane.DOCUMENTS, network=True)
def archive_document(number: str) -> None:
    try:
        by_number(number).keep_pdf()
    finally:
        # If the archive failed, the mail makes its own PDF.
        Job.hasten("invoices.mail", key=number)


def _record_sent(number: str, again: str = "") -> None:
    by_number(number).record("sent")


@job("invoices.mail", lane=Lane.MAIL, network=True, record=_record_sent)
def send_document(number: str, again: str = "") -> bool:
    mail.send(by_number(number), again=again)
    return True
