"""The mail that tells staff of a dispute while there is still time to answer."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.business_day import shop_time
from jumun.conf import jumun
from jumun.outbox.models import Job
from jumun.payments.models import Dispute
from jumun.payments.staff_mail import send_to_staff

NEEDS_ANSWER = _("A dispute about order %(order)s needs an answer")


def enqueue_due() -> int:
    """Enqueue a mail for every dispute whose answer is due soon, one for each due date; return how many there are."""
    soon = timezone.now() + timedelta(days=jumun().dispute_warning_days)
    due = Dispute.objects.filter(status__in=Dispute.NEEDS_ANSWER, due_at__gt=timezone.now(), due_at__lte=soon)
    found = list(due.values_list("pk", "dispute_id", "due_at"))
    for pk, dispute_id, due_at in found:
        Job.enqueue("payments.mail_dispute", key=f"{dispute_id}:{due_at:%Y-%m-%d}", dispute_pk=pk)
    return len(found)


def send(dispute: Dispute) -> bool:
    """Mail the shop where to answer and until when, unless it has been answered; say whether.

    Raises what `jumun.mail.send` raises.
    """
    if not dispute.needs_answer:
        return False
    payment = dispute.payment
    name = f"dispute.{dispute.dispute_id}.{dispute.due_at:%Y-%m-%d}"
    due = f"{shop_time(dispute.due_at):%Y-%m-%d %H:%M}" if dispute.due_at else ""
    send_to_staff("dispute", NEEDS_ANSWER, order=payment.order, name=name, dispute=dispute, payment=payment, due=due)
    return True
