"""Refund automatically what an order cannot use: a second payment, or one after the order had ended."""

from contextlib import suppress

from django.db.models import Sum

from jumun.errors import PaymentDisputed, RefundExceedsPaid, RefundUnderWay
from jumun.payments.models import Dispute, Payment, Refund
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.refunds.refund import refund, resume


def auto_refund(payment: Payment) -> None:
    """Refund what is left of ``payment``. Running it twice refunds once (invariant I8).

    A disputed payment waits for the bank: either the bank returns the money, or the end of the dispute enqueues this
    again. Raises `RefundUnderWay` and what `refund` raises: `StripeUnavailable` is retried, the rest is for staff.
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
            # Staff or another worker may have been quicker.
            with suppress(RefundExceedsPaid):
                refund(payment, amount_minor=left_minor, reason=reason, by=None)
        except PaymentDisputed:
            # Stripe knows of a dispute before we do. Its end will enqueue this again.
            if payment.disputes.exists():
                raise
            return
    if _made_minor(payment) < payment.amount_minor:
        raise RefundUnderWay(str(payment))


def _made_minor(payment: Payment) -> int:
    """The sum of the refunds that Stripe has made. Those that failed afterwards count: staff are notified of them."""
    unmade = [Refund.Status.CREATING, Refund.Status.REFUSED]
    made = payment.refunds.exclude(status__in=unmade).aggregate(sum=Sum("amount_minor"))
    return made["sum"] or 0
