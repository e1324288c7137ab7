"""The mail that tells the customer of a refund and brings the credit note."""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from jumun.conf import jumun
from jumun.invoices.credit_note import CreditNote
from jumun.invoices.mail import message_id


def send(note: CreditNote) -> None:
    """Send the credit note as PDF in the customer's language. Raises what the mail server says, to be tried again."""
    order, document = note.invoice.order, note.document
    context = {"note": note, "order": order, "seller": jumun().seller, "order_url": document.order_url}
    with translation.override(order.language):
        message = EmailMultiAlternatives(
            subject=gettext("Your refund for order %(order)s") % {"order": order.number},
            body=render_to_string("jumun/mail/credit_note.txt", context),
            to=[order.email],
            headers={"Message-ID": message_id(note)},
        )
        message.attach_alternative(render_to_string("jumun/mail/credit_note.html", context), "text/html")
    message.attach(f"{note.number}.pdf", note.pdf(), "application/pdf")
    message.send()
