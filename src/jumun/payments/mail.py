"""Mails about money that goes back without a credit note. What is credited is told with the credit note."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jumun import mail
from jumun.conf import jumun
from jumun.orders.models import Order
from jumun.payments.models import Payment, Refund
from jumun.payments.staff_mail import send_to_staff

GIVEN_BACK = _("We are returning your payment for order %(order)s")
GIVEN_BACK_BY_ITSELF = _("Order %(order)s: a payment goes back by itself")
REFUNDED = _("Your refund for order %(order)s")


def send_given_back(payment: Payment) -> None:
    """Tell the customer that a payment is of no use to its order and goes back. Raises what `jumun.mail.send` does."""
    _send(payment.order, "given_back", GIVEN_BACK, name=f"given-back.{payment.payment_intent_id}", payment=payment)


def send_given_back_to_staff(payment: Payment) -> None:
    """Tell the shop the same. Raises what `jumun.mail.send` does."""
    name = f"given-back-staff.{payment.payment_intent_id}"
    send_to_staff("staff_given_back", GIVEN_BACK_BY_ITSELF, order=payment.order, name=name, payment=payment)


def send_refund(refund: Refund) -> None:
    """Tell the customer of a refund that has no credit note. Raises what `jumun.mail.send` does."""
    _send(refund.payment.order, "refund", REFUNDED, name=f"refund.{refund.refund_id}", refund=refund)


def _send(order: Order, template: str, subject: Promise, *, name: str, **context: Any) -> None:
    """To the customer, in the customer's language."""
    order_url = jumun().site_url.rstrip("/") + order.get_customer_url()
    mail.send(
        template,
        to=order.email,
        subject=subject,
        subject_values={"order": order.number},
        language=order.language,
        name=name,
        context={"order": order, "order_url": order_url, **context},
    )
