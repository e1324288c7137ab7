"""Mails about refunds without a credit note, which is mailed itself, and about disputes that need an answer."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jumun import mail
from jumun.business_day import shop_time
from jumun.conf import jumun
from jumun.orders.models import Order
from jumun.outbox.models import Job
from jumun.payments.models import Dispute, Payment, Refund

AUTO_REFUND = _("We are returning your payment for order %(order)s")
AUTO_REFUND_FOR_STAFF = _("Order %(order)s: a payment goes back by itself")
REFUNDED = _("Your refund for order %(order)s")
NEEDS_ANSWER = _("A dispute about order %(order)s needs an answer")


def send_auto_refund(payment: Payment) -> None:
    """Tell the customer that a payment of no use is refunded. Raises what `jumun.mail.send` raises."""
    _send(payment.order, "auto_refund", AUTO_REFUND, name=f"auto-refund.{payment.payment_intent_id}", payment=payment)


def send_auto_refund_to_staff(payment: Payment) -> None:
    """Tell the shop the same. Raises what `jumun.mail.send` raises."""
    name = f"auto-refund-staff.{payment.payment_intent_id}"
    _send_to_staff("staff_auto_refund", AUTO_REFUND_FOR_STAFF, order=payment.order, name=name, payment=payment)


def send_refund(refund: Refund) -> None:
    """Tell the customer about a refund without a credit note. Raises what `jumun.mail.send` raises."""
    _send(refund.payment.order, "refund", REFUNDED, name=f"refund.{refund.refund_id}", refund=refund)


def enqueue_dispute_warnings() -> int:
    """Enqueue a mail for every dispute whose answer is due soon, one for each due date; return how many there are."""
    soon = timezone.now() + timedelta(days=jumun().dispute_warning_days)
    due = Dispute.objects.filter(status__in=Dispute.NEEDS_ANSWER, due_at__gt=timezone.now(), due_at__lte=soon)
    found = list(due.values_list("pk", "dispute_id", "due_at"))
    for pk, dispute_id, due_at in found:
        Job.enqueue("payments.mail_dispute", key=f"{dispute_id}:{due_at:%Y-%m-%d}", dispute_pk=pk)
    return len(found)


def send_dispute_warning(dispute: Dispute) -> bool:
    """Tell staff where to answer and until when, unless the dispute needs no answer any more; return whether.

    Raises what `jumun.mail.send` raises.
    """
    if not dispute.needs_answer:
        return False
    payment = dispute.payment
    name = f"dispute.{dispute.dispute_id}.{dispute.due_at:%Y-%m-%d}"
    due = f"{shop_time(dispute.due_at):%Y-%m-%d %H:%M}" if dispute.due_at else ""
    _send_to_staff("dispute", NEEDS_ANSWER, order=payment.order, name=name, dispute=dispute, payment=payment, due=due)
    return True


def _send(order: Order, template: str, subject: Promise, *, name: str, **context: Any) -> None:
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


def _send_to_staff(template: str, subject: Promise, *, order: Order, name: str, **context: Any) -> None:
    """To the seller's address, in the shop's language."""
    mail.send(
        template,
        to=jumun().seller.email,
        subject=subject,
        subject_values={"order": order.number},
        language=settings.LANGUAGE_CODE,
        name=name,
        context={"order": order, **context},
    )
