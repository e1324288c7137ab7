"""The mail that brings the customer the invoice."""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from jumun.conf import jumun
from jumun.invoices.models import CreditNote, Invoice


def send(invoice: Invoice, *, again: str = "") -> None:
    """Send the invoice as PDF in the customer's language. Raises what the mail server says, to be tried again.

    ``again`` tells one wanted repetition from another and from the first mail.
    """
    order = invoice.order
    context = {
        "invoice": invoice,
        "order": order,
        "seller": jumun().seller,
        "order_url": invoice.document.order_url,
    }
    with translation.override(order.language):
        message = EmailMultiAlternatives(
            subject=gettext("Your invoice %(invoice)s for order %(order)s")
            % {"invoice": invoice.number, "order": order.number},
            body=render_to_string("jumun/mail/invoice.txt", context),
            to=[order.email],
            # The same for every try, so that a mail server or reader can tell a repeated one; another for a wanted one.
            headers={"Message-ID": message_id(invoice, again)},
        )
        message.attach_alternative(render_to_string("jumun/mail/invoice.html", context), "text/html")
    message.attach(f"{invoice.number}.pdf", invoice.pdf(), "application/pdf")
    message.send()


def message_id(issued: Invoice | CreditNote, again: str = "") -> str:
    """The Message-ID of the mail that brings a document."""
    domain = jumun().seller.email.rpartition("@")[2] or "localhost"
    mail = ".".join(part for part in (issued.number, issued.document_sha256[:16], again) if part)
    return f"<{mail}@{domain}>"
