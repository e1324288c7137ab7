"""The mail that sends a document to the customer."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jumun import mail
from jumun.invoices.models import IssuedDocument

# By `Document.settlement`.
SUBJECTS: dict[str, Promise] = {
    "invoice": _("Your invoice %(number)s for order %(order)s"),
    "credit_note": _("Your refund for order %(order)s"),
    "cancellation": _("Your refund for order %(order)s has failed"),
    "credit_note_of_dispute": _("Credit note %(number)s for order %(order)s"),
    "cancellation_of_dispute": _("The credit note for order %(order)s is cancelled"),
}


def send(issued: IssuedDocument, *, again: str = "") -> None:
    """Send the document as PDF in the customer's language. Raises as `jumun.mail.send` does.

    ``again`` identifies a requested repetition; it is empty for the first mail.
    """
    order, document = issued.for_order, issued.document
    mail.send(
        document.kind,
        to=order.email,
        subject=SUBJECTS[document.settlement],
        subject_values={"number": issued.number, "order": order.number},
        language=order.language,
        name=".".join(part for part in (issued.number, issued.document_sha256[:16], again) if part),
        context={"issued": issued, "order": order, "order_url": document.order_url},
        pdf=(f"{issued.number}.pdf", issued.pdf()),
    )
