"""Mails to the shop itself."""

from typing import Any

from django.conf import settings
from django.utils.functional import Promise

from jumun import mail
from jumun.conf import jumun
from jumun.orders.models import Order


def send_to_staff(template: str, subject: Promise, *, order: Order, name: str, **context: Any) -> None:
    """To the seller's address, in the shop's language: the customer has no part in it.

    Raises what `jumun.mail.send` raises.
    """
    mail.send(
        template,
        to=jumun().seller.email,
        subject=subject,
        subject_values={"order": order.number},
        language=settings.LANGUAGE_CODE,
        name=name,
        context={"order": order, **context},
    )
