from typing import Any

from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.orders.signals import order_disputed
from jumun.orders.timeline import Kind
from jumun.payments.merge.balance import mirror_of_order
from jumun.payments.merge.matching import order_of_intent, part_of_payment_minor
from jumun.payments.models import BalanceTransaction, Dispute, Payment, QuarantinedSnapshot
from jumun.payments.models.quarantine_reason import QuarantineReason
from jumun.payments.stripe.snapshots import DisputeSnapshot


def merge_dispute(raw: dict[str, Any]) -> Order | None:
    """Merge a dispute of one of our payments. A dispute of any other payment is another shop's."""
    snapshot = DisputeSnapshot.parse(raw)
    if not snapshot.payment_intent_id:
        return None
    order, reason = order_of_intent(snapshot.payment_intent_id, snapshot.intent)
    if order is not None and reason is None:
        reason = _merge(order, snapshot)
    if reason is not None:
        QuarantinedSnapshot.keep(object_id=snapshot.id, reason=reason, order=order, snapshot=raw)
    return order


def _merge(order: Order, snapshot: DisputeSnapshot) -> str | None:
    """Merge the dispute and its balance transactions; return why staff must look at it, if so."""
    payment = Payment.locked(order, snapshot.payment_intent_id)
    payment.save_learnt()
    if snapshot.livemode != payment.livemode:
        return QuarantineReason.LIVEMODE
    if Dispute.objects.filter(dispute_id=snapshot.id).exclude(payment=payment).exists():
        return QuarantineReason.FOREIGN_PAYMENT
    # "Usually the amount of the charge, but it can differ" (API reference, "The Dispute object"). A dispute over more
    # than was paid must be answered in time too.
    _amount_minor, reason = part_of_payment_minor(payment, snapshot.amount, snapshot.currency, may_exceed=True)
    if reason is not None:
        return reason
    dispute, is_new = Dispute.join(payment, snapshot)
    _move_money(order, dispute, snapshot)
    if snapshot.status == dispute.status == Dispute.Status.WON:
        CreditNote.take_back(dispute.dispute_id)
    if not dispute.is_open and payment.rejection_reason in Payment.AUTO_REFUNDED:
        # It could not be refunded while the bank had the money.
        payment.enqueue_auto_refund(f"{payment.payment_intent_id}:{dispute.dispute_id}")
    if is_new:
        order_disputed.send(Order, order=order)
    return None


def _move_money(order: Order, dispute: Dispute, snapshot: DisputeSnapshot) -> None:
    """Mirror what the dispute moved, and record on the order what was not known before."""
    known = set(BalanceTransaction.objects.filter(source_id=dispute.dispute_id).values_list("pk", flat=True))
    mirror_of_order(order, snapshot.transactions)
    for moved in BalanceTransaction.objects.filter(source_id=dispute.dispute_id).exclude(pk__in=known).order_by("pk"):
        is_withdrawn = moved.amount_minor < 0
        dispute.record(Kind.DISPUTE_FUNDS_WITHDRAWN if is_withdrawn else Kind.DISPUTE_FUNDS_REINSTATED)
