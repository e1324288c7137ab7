"""The credit note of a lost dispute. It is never automatic: staff decide whether anything is owed."""

from django.db import transaction

from jumun.errors import NotCreditable
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.payments.models import Dispute


def creditable_minor(dispute: Dispute) -> int:
    """The amount of a credit note for ``dispute``; 0 where none can be issued."""
    invoice = Invoice.objects.filter(order=dispute.payment.order_id).first()
    if dispute.status != Dispute.Status.LOST or not dispute.payment.settles_order or invoice is None:
        return 0
    if CreditNote.objects.filter(refund_id=dispute.dispute_id).exists():
        return 0
    # A part may have been refunded and credited before.
    return min(dispute.amount_minor, CreditNote.creditable_minor(invoice))


def credit_lost(dispute: Dispute) -> CreditNote:
    """Issue the credit note of a lost dispute, once. Raises `NotCreditable`."""
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=dispute.payment.order_id)
        dispute.refresh_from_db()
        amount_minor = creditable_minor(dispute)
        if amount_minor < 1:
            raise NotCreditable(f"{dispute} is {dispute.status}, and nothing is left to be credited")
        reference = dispute.payment.reference(dispute.dispute_id, at=dispute.taken_at)
        return CreditNote.issue(order.invoice, amount_minor=amount_minor, refunded_to=reference)
