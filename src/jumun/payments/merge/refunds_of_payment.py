"""How refunds are joined into the books: their status, their credit notes, and what staff must know of them.

All of it runs inside `jumun.payments.merge`, which holds the locks on the order and the payment.
"""

from typing import Any

from django.utils import timezone

from jumun.db.fast import find_all
from jumun.errors import MalformedSnapshot
from jumun.invoices.documents.document import DocumentError
from jumun.invoices.models import CreditNote, Invoice
from jumun.orders.models import Order
from jumun.orders.signals import order_refunded
from jumun.outbox.models import Job
from jumun.payments.merge.balance import mirror_within
from jumun.payments.merge.binding import Reason, part_of_payment_minor
from jumun.payments.models import Payment, QuarantinedSnapshot, Refund
from jumun.payments.stripe.snapshots import RefundSnapshot, transactions_within


def merge_refunds(order: Order, payment: Payment, raws: list[dict[str, Any]]) -> None:
    """Join refunds of ``payment`` and book those that have succeeded. One that cannot be joined is set aside alone."""
    for raw in raws:
        try:
            reason = _merge(order, payment, raw)
        except MalformedSnapshot:
            reason = Reason.MALFORMED
        if reason is not None:
            object_id = str(raw.get("id") or payment.payment_intent_id)
            QuarantinedSnapshot.keep(object_id=object_id, reason=reason, order=order, snapshot=raw, payment=payment)
    _book(order, payment, {raw.get("id") for raw in raws})


def _merge(order: Order, payment: Payment, raw: dict[str, Any]) -> str | None:
    """Join one refund; return why staff must look at it, if so. Raises `MalformedSnapshot`."""
    snapshot = RefundSnapshot.parse(raw)
    if snapshot.payment_intent_id not in {"", payment.payment_intent_id}:
        return Reason.FOREIGN_PAYMENT
    amount_minor, reason = part_of_payment_minor(payment, snapshot.amount, snapshot.currency)
    if reason:
        return reason
    refund = _row_of(payment, snapshot, amount_minor)
    refund.advance(snapshot)
    if snapshot.status in Refund.VOID:
        # The money did not reach the customer: cancel the refund's credit note. Only Stripe can say so, not our row.
        CreditNote.cancel_for(snapshot.id)
    mirror_within(order, transactions_within(raw))
    if not snapshot.is_status_known:
        return Reason.UNKNOWN_STATUS
    return Reason.REFUND_FAILED if snapshot.status == Refund.Status.FAILED else None


def _row_of(payment: Payment, snapshot: RefundSnapshot, amount_minor: int) -> Refund:
    """The refund's row: known by its id, else the intention that it names, else a new one."""
    refunds = payment.refunds.select_for_update()
    if known := refunds.filter(refund_id=snapshot.id).first():
        return known
    for asked in refunds.filter(refund_id=None, amount_minor=amount_minor):
        # The answer to our call was lost, or is still on its way.
        if asked.is_named(snapshot.metadata.refund):
            return asked
    now = timezone.now()
    found = Refund.objects.create(
        payment=payment,
        refund_id=snapshot.id,
        status=snapshot.status,
        amount_minor=amount_minor,
        currency=payment.currency,
        reason=snapshot.reason,
        refusal=snapshot.failure_reason,
        created_at=min(snapshot.made_at or now, now),
    )
    found.record_status()
    return found


def _book(order: Order, payment: Payment, told_ids: set[object]) -> None:
    """Tell the shop of refunds that have succeeded, once the payment itself is known to be made: of those that Stripe
    has just told of, and when the payment has just been made of all. A row that nobody told of books nothing.

    Only the payment by which the order became paid is on the invoice; a second one is given back without a credit
    note.
    """
    if payment.status != Payment.Status.PAID:
        return
    known = find_all(Refund, payment_id=payment.pk, status=Refund.Status.SUCCEEDED)
    succeeded = [row for row in known if row.booked_at or payment.became_paid or row.refund_id in told_ids]
    for refund in succeeded:
        refund.payment = payment
    for refund in (row for row in succeeded if row.booked_at is None):
        refund.book()
        if not payment.settles_order and payment.unwanted_because not in Payment.GIVEN_BACK:
            _mail(refund)
        order_refunded.send(Order, order=order, restocked=refund.restocked)
    if payment.settles_order and succeeded:
        noted = CreditNote.objects.filter(refund_id__in=[row.refund_id for row in succeeded])
        credited = set(noted.values_list("refund_id", flat=True))
        for refund in (row for row in succeeded if row.refund_id not in credited):
            _credit(Invoice.objects.get(order=order), payment, refund)
    if payment.unwanted_because and not payment.kept_minor:
        payment.resolve_quarantine()


def _credit(invoice: Invoice, payment: Payment, refund: Refund) -> None:
    """The refund's credit note, over what a lost dispute has not credited before.

    A refund that was told of before the failure of the one that it replaces waits for that: until then the other's
    note stands.
    """
    due_minor = min(refund.amount_minor, CreditNote.creditable_minor(invoice))
    if due_minor < refund.amount_minor and payment.refunded_minor > payment.amount_minor:
        return
    if due_minor < 1:
        _mail(refund)
        return
    reference = payment.reference(str(refund.refund_id), at=refund.created_at)
    try:
        CreditNote.issue(invoice, amount_minor=due_minor, refunded_to=reference, lines=refund.pieces or None)
    except DocumentError:
        # Another refund has credited these pieces meanwhile; the money has moved, and its amount is credited.
        CreditNote.issue(invoice, amount_minor=due_minor, refunded_to=reference)


def _mail(refund: Refund) -> None:
    """Tell the customer of a refund without a credit note, which would have told of it."""
    Job.enqueue("payments.mail_refund", key=str(refund.refund_id), refund_pk=refund.pk)
