"""Money that came for an order and is not the order's goes back: what was paid twice, or after the order had ended."""

from contextlib import suppress

from django.db.models import Sum

from jumun.errors import PaymentDisputed, RefundExceedsPaid, RefundUnderWay
from jumun.payments.models import Dispute, Payment, Refund
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.refunds.refund import refund, resume


def auto_refund(payment: Payment) -> None:
    """Refund what is left of ``payment``. Run twice it refunds once (invariant I8).

    What is disputed waits for the bank: it returns the money, or the dispute's end has this done again.

    Raises `RefundUnderWay` and what `refund` raises: `StripeUnavailable` to be tried again, the rest for staff to see.
    """
    for unknown in payment.refunds.filter(status=Refund.Status.CREATING):
        resume(unknown)
    if dispute := Dispute.blocking_one_of(payment):
        if dispute.status == Dispute.Status.LOST:
            payment.resolve_quarantine()
        return
    reason = Refund.Reason.DUPLICATE if payment.rejection_reason == QuarantineReason.SECOND_PAYMENT else ""
    if left_minor := payment.refundable_minor:
        try:
            # Staff, or another worker, may be quicker.
            with suppress(RefundExceedsPaid):
                refund(payment, amount_minor=left_minor, reason=reason, by=None)
        except PaymentDisputed:
            # Stripe knows of a dispute before we do, whose end will have this done again.
            if payment.disputes.exists():
                raise
            return
    if _answered_minor(payment) < payment.amount_minor:
        raise RefundUnderWay(str(payment))


def _answered_minor(payment: Payment) -> int:
    """The refunds that Stripe has made. One that failed afterwards is for staff, who are told of it."""
    unmade = [Refund.Status.CREATING, Refund.Status.REFUSED]
    made = payment.refunds.exclude(status__in=unmade).aggregate(sum=Sum("amount_minor"))
    return made["sum"] or 0
