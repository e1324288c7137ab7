"""Mails to the shop itself."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise

from jumun.conf import jumun
from jumun.orders.models import Order


def send_to_staff(template: str, subject: Promise, *, order: Order, name: str, **context: Any) -> None:
    """To the seller's address, in the shop's language: the customer has no part in it. Raises what the server says.

    ``name`` is the same for every try, so that a repeated mail can be told.
    """
    seller = jumun().seller
    domain = seller.email.rpartition("@")[2] or "localhost"
    with translation.override(settings.LANGUAGE_CODE):
        message = EmailMessage(
            subject=str(subject) % {"order": order.number},
            body=render_to_string(f"jumun/mail/{template}.txt", {"order": order, **context}),
            to=[seller.email],
            headers={"Message-ID": f"<{name}@{domain}>"},
        )
    message.send()
