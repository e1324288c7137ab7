"""How refunds are joined into the books: their status, their credit notes, and what staff must know of them.

All of it runs inside `jumun.payments.merge`, which holds the locks on the order and the payment.
"""

from typing import Any

from django.db.models import Sum
from django.utils import timezone

from jumun.invoices.document import PaymentReference
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.orders.signals import order_refunded
from jumun.outbox.models import Job
from jumun.payments.merge.binding import Reason, part_of_payment_minor
from jumun.payments.models import BalanceTransaction, Payment, QuarantinedSnapshot, Refund
from jumun.payments.snapshots import RefundSnapshot, transactions_within


def merge_refunds(order: Order, payment: Payment, raws: list[Any]) -> None:
    """Join refunds of ``payment`` and book those that have succeeded. Raises `MalformedSnapshot`."""
    for raw in raws:
        reason = _merge(payment, raw)
        if reason is not None:
            QuarantinedSnapshot.keep(
                object_id=str(raw["id"]), reason=reason, order=order, snapshot=raw, payment=payment
            )
    _book(order, payment)


def _merge(payment: Payment, raw: Any) -> str | None:
    """Join one refund; return why staff must look at it, if so."""
    snapshot = RefundSnapshot.parse(raw)
    if snapshot.payment_intent_id not in {"", payment.payment_intent_id}:
        return Reason.FOREIGN_PAYMENT
    amount_minor, reason = part_of_payment_minor(payment, snapshot.amount, snapshot.currency)
    if reason:
        return reason
    refund = _row_of(payment, snapshot, amount_minor)
    refund.advance(snapshot)
    BalanceTransaction.mirror(transactions_within(raw))
    return Reason.REFUND_FAILED if refund.status == Refund.Status.FAILED else None


def _row_of(payment: Payment, snapshot: RefundSnapshot, amount_minor: int) -> Refund:
    """The refund's row: known by its id, else the intention that it names, else a new one."""
    refunds = payment.refunds.select_for_update()
    if known := refunds.filter(refund_id=snapshot.id).first():
        return known
    if snapshot.refund_pk.isdecimal() and len(snapshot.refund_pk) < 19:
        # The answer to our call was lost, or is still on its way.
        asked = refunds.filter(pk=int(snapshot.refund_pk), refund_id=None, amount_minor=amount_minor).first()
        if asked is not None:
            return asked
    found = Refund.objects.create(
        payment=payment,
        refund_id=snapshot.id,
        status=snapshot.status,
        amount_minor=amount_minor,
        currency=payment.currency,
        reason=snapshot.reason,
        refusal=snapshot.failure_reason,
    )
    found.record_status()
    return found


def _book(order: Order, payment: Payment) -> None:
    """Tell the shop of refunds that have succeeded, once the payment itself is known to be made.

    Only the payment by which the order became paid is on the invoice; a second one is given back without a credit
    note.
    """
    if payment.status != Payment.Status.PAID:
        return
    for refund in payment.refunds.filter(status=Refund.Status.SUCCEEDED, booked_at=None).order_by("pk"):
        refund.book()
        credited = payment.settles_order and _credit(Invoice.objects.get(order=order), payment, refund)
        if not credited and payment.unwanted_because not in Payment.GIVEN_BACK:
            Job.enqueue("payments.mail_refund", key=str(refund.refund_id), refund_pk=refund.pk)
        order_refunded.send(Order, order=order, restocked={})
    if payment.unwanted_because and not payment.kept_minor:
        for row in payment.quarantined.filter(reason=payment.unwanted_because):
            row.resolve(by=None)


def _credit(invoice: Invoice, payment: Payment, refund: Refund) -> bool:
    """A credit note over what is refunded and not yet credited; ``False`` where there is nothing to credit.

    The note of a refund that failed afterwards stands: what is owed to the customer is what it says, and the
    refund that is made in its place needs no note of its own.
    """
    booked = payment.refunds.filter(status=Refund.Status.SUCCEEDED).exclude(booked_at=None)
    refunded_minor = booked.aggregate(sum=Sum("amount_minor", default=0))["sum"] or 0
    of_disputes = payment.disputes.values("dispute_id")
    for_refunds = invoice.credit_notes.standing().exclude(refund_id__in=of_disputes)
    credited_minor = for_refunds.aggregate(sum=Sum("amount_minor", default=0))["sum"] or 0
    due_minor = min(refunded_minor - credited_minor, CreditNote.creditable_minor(invoice))
    if due_minor <= 0 or not refund.refund_id:
        return False
    reference = PaymentReference(
        card_brand=payment.card_brand,
        card_last4=payment.card_last4,
        stripe_id=refund.refund_id,
        paid_on=timezone.localdate(),
    )
    CreditNote.issue(invoice, amount_minor=due_minor, refunded_to=reference)
    return True
