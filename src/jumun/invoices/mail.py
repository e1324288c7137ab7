"""The mail that brings the customer a document."""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jumun.conf import jumun
from jumun.invoices.models import IssuedDocument

# By how the document is settled.
SUBJECTS: dict[str, Promise] = {
    "invoice": _("Your invoice %(number)s for order %(order)s"),
    "credit_note": _("Your refund for order %(order)s"),
    "cancellation": _("Your refund for order %(order)s has failed"),
    "credit_note_of_dispute": _("Credit note %(number)s for order %(order)s"),
    "cancellation_of_dispute": _("The credit note for order %(order)s is cancelled"),
}


def send(issued: IssuedDocument, *, again: str = "") -> None:
    """Send the document as PDF in the customer's language. Raises what the mail server says, to be tried again.

    ``again`` tells one wanted repetition from another and from the first mail.
    """
    order, document = issued.for_order, issued.document
    context = {"issued": issued, "order": order, "seller": jumun().seller, "order_url": document.order_url}
    with translation.override(order.language):
        message = EmailMultiAlternatives(
            subject=str(SUBJECTS[document.settlement]) % {"number": issued.number, "order": order.number},
            body=render_to_string(f"jumun/mail/{document.kind}.txt", context),
            to=[order.email],
            # The same for every try, so that a mail server or reader can tell a repeated one; another for a wanted one.
            headers={"Message-ID": _message_id(issued, again)},
        )
        message.attach_alternative(render_to_string(f"jumun/mail/{document.kind}.html", context), "text/html")
    message.attach(f"{issued.number}.pdf", issued.pdf(), "application/pdf")
    message.send()


def _message_id(issued: IssuedDocument, again: str) -> str:
    domain = jumun().seller.email.rpartition("@")[2] or "localhost"
    mail = ".".join(part for part in (issued.number, issued.document_sha256[:16], again) if part)
    return f"<{mail}@{domain}>"
