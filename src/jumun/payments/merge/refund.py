"""How refunds are merged, and how those that have succeeded are booked in three steps: book, credit, notify.

The caller, a merge of a refund, a charge or a session, holds the locks on the order and the payment.
"""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from jumun.invoices.documents.document import DocumentError
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.orders.signals import order_refunded
from jumun.outbox.models import Job
from jumun.payments.merge.balance import mirror_of_order
from jumun.payments.merge.matching import locked_order, order_of_intent, part_of_payment_minor
from jumun.payments.models import Payment, QuarantinedSnapshot, Refund
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.stripe.metadata import is_another_sites
from jumun.payments.stripe.snapshots import RefundSnapshot, Unreadable


def merge_refund(raw: dict[str, Any]) -> Order | None:
    """Merge a refund made here or in Stripe's dashboard. A refund of any other payment is another shop's."""
    refund = RefundSnapshot.parse(raw)
    order, reason = _order_of(refund)
    if reason is not None:
        QuarantinedSnapshot.keep(object_id=refund.id, reason=reason, order=order, snapshot=raw)
    elif order is not None:
        payment = Payment.locked(order, refund.payment_intent_id)
        payment.save_learnt()
        merge_refunds(order, payment, [refund])
    return order


def _order_of(refund: RefundSnapshot) -> tuple[Order | None, str | None]:
    """The order of a refund, locked, and why the refund does not match it, if so."""
    order, reason = order_of_intent(refund.payment_intent_id, refund.intent)
    if order is None and reason is None and refund.metadata.order_reference:
        order = locked_order(refund.metadata.order_reference)
        reason = None if is_another_sites(order, refund.metadata.site) else QuarantineReason.UNKNOWN_PAYMENT
    return order, reason


def merge_refunds(order: Order, payment: Payment, refunds: Iterable[RefundSnapshot | Unreadable]) -> None:
    """Merge refunds of ``payment`` and book those that have succeeded. One that cannot be merged is held for staff
    alone.
    """
    refunds = list(refunds)
    for refund in refunds:
        if isinstance(refund, Unreadable):
            reason: str | None = QuarantineReason.MALFORMED
        else:
            reason = _merge(order, payment, refund)
        if reason is not None:
            object_id = refund.id or payment.payment_intent_id
            raw = refund.raw
            QuarantinedSnapshot.keep(object_id=object_id, reason=reason, order=order, snapshot=raw, payment=payment)
    # No refund is booked before its payment is known to be made.
    if payment.status == Payment.Status.PAID:
        _book_credit_notify(order, payment, {refund.id for refund in refunds})


def _merge(order: Order, payment: Payment, snapshot: RefundSnapshot) -> str | None:
    """Merge one refund; return why staff must look at it, if so."""
    if snapshot.payment_intent_id not in {"", payment.payment_intent_id}:
        return QuarantineReason.FOREIGN_PAYMENT
    amount_minor, reason = part_of_payment_minor(payment, snapshot.amount, snapshot.currency)
    if reason:
        return reason
    refund = _row_of(payment, snapshot, amount_minor)
    refund.advance(snapshot)
    if snapshot.status in Refund.VOID:
        # The money did not reach the customer: cancel the refund's credit note. Only Stripe can say so, not our row.
        CreditNote.take_back(snapshot.id)
    mirror_of_order(order, snapshot.transactions)
    if not snapshot.is_status_known:
        return QuarantineReason.UNKNOWN_STATUS
    return QuarantineReason.REFUND_FAILED if snapshot.status == Refund.Status.FAILED else None


def _row_of(payment: Payment, snapshot: RefundSnapshot, amount_minor: int) -> Refund:
    """The refund's row: found by Stripe's id, else the intention that the refund names, else a new one."""
    refunds = payment.refunds.select_for_update()
    if known := refunds.filter(refund_id=snapshot.id).first():
        return known
    for intention in refunds.filter(refund_id=None, amount_minor=amount_minor):
        # The answer to our call was lost, or has not arrived yet.
        if intention.is_named(snapshot.metadata.refund):
            return intention
    now = timezone.now()
    new = Refund.objects.create(
        payment=payment,
        refund_id=snapshot.id,
        status=snapshot.status,
        amount_minor=amount_minor,
        currency=payment.currency,
        reason=snapshot.reason,
        refusal=snapshot.failure_reason,
        created_at=min(snapshot.made_at or now, now),
    )
    new.record_status()
    return new


def _book_credit_notify(order: Order, payment: Payment, reported_ids: set[str]) -> None:
    """Book, credit and notify: the refunds that Stripe has just reported, and all once the payment has just been made.

    A row that Stripe has not reported books nothing. Only the payment that settles the order is on the invoice, so a
    refund of another payment gets no credit note.
    """
    succeeded = [
        refund
        for refund in payment.refunds.filter(status=Refund.Status.SUCCEEDED).order_by("pk")
        if refund.booked_at or payment.became_paid or refund.refund_id in reported_ids
    ]
    booked = _book(order, payment, succeeded)
    if payment.settles_order:
        uncredited = _credit(order, payment, succeeded)
    else:
        # An automatic refund has a mail of its own.
        uncredited = [] if payment.rejection_reason in Payment.AUTO_REFUNDED else booked
    _notify(payment, uncredited)


def _book(order: Order, payment: Payment, succeeded: list[Refund]) -> list[Refund]:
    """Record each refund as booked, once, and send `order_refunded`; return those that were not booked before."""
    unbooked = [refund for refund in succeeded if refund.booked_at is None]
    for refund in unbooked:
        refund.book()
        order_refunded.send(Order, order=order, restocked=refund.restocked)
    return unbooked


def _credit(order: Order, payment: Payment, succeeded: list[Refund]) -> list[Refund]:
    """Issue a credit note for each refund without one; return the refunds for which nothing was left to credit.

    A lost dispute may have credited some or all of the amount before.
    """
    noted = CreditNote.objects.filter(refund_id__in=[refund.refund_id for refund in succeeded])
    noted_ids = set(noted.values_list("refund_id", flat=True))
    uncredited = []
    for refund in (refund for refund in succeeded if refund.refund_id not in noted_ids):
        invoice = Invoice.objects.get(order=order)
        due_minor = min(refund.amount_minor, CreditNote.creditable_minor(invoice))
        if due_minor < refund.amount_minor and payment.refunded_minor > payment.amount_minor:
            # It replaces a refund whose failure Stripe has not reported yet: the other's note stands until then.
            continue
        if due_minor < 1:
            uncredited.append(refund)
            continue
        reference = payment.reference(str(refund.refund_id), at=refund.created_at)
        try:
            CreditNote.issue(invoice, amount_minor=due_minor, refunded_to=reference, lines=refund.quantities or None)
        except DocumentError:
            # Another refund has credited these pieces meanwhile. The money has moved, so credit the amount.
            CreditNote.issue(invoice, amount_minor=due_minor, refunded_to=reference)
    return uncredited


def _notify(payment: Payment, uncredited: list[Refund]) -> None:
    """Mail the customer about refunds without a credit note, which would be mailed. Once all of an rejected payment is
    refunded, staff have nothing left to do about it.
    """
    for refund in uncredited:
        Job.enqueue("payments.mail_refund", key=str(refund.refund_id), refund_pk=refund.pk)
    if payment.rejection_reason and not payment.kept_minor:
        payment.resolve_quarantine()
