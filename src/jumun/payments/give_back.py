"""Money that came for an order and is not the order's goes back: what was paid twice, or after the order had ended."""

from contextlib import suppress

from jumun.errors import RefundExceedsPaid
from jumun.payments.models import Payment, QuarantinedSnapshot, Refund
from jumun.payments.refunds import refund, resume


def give_back(payment: Payment) -> None:
    """Refund what is left of ``payment``. Run twice it refunds once (invariant I8).

    Raises what `refund` raises: `StripeUnavailable` to be tried again, the rest for staff to see.
    """
    for unknown in payment.refunds.filter(status=Refund.Status.CREATING):
        resume(unknown)
    twice = payment.unwanted_because == QuarantinedSnapshot.Reason.SECOND_PAYMENT
    if left_minor := payment.refundable_minor:
        # Staff, or another worker, may be quicker.
        with suppress(RefundExceedsPaid):
            refund(payment, amount_minor=left_minor, reason=Refund.Reason.DUPLICATE if twice else "", by=None)
