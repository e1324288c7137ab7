from typing import Any

from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.orders.signals import order_disputed
from jumun.orders.timeline import Kind
from jumun.payments.merge.balance import mirror_within
from jumun.payments.merge.binding import Reason, order_of_intent, part_of_payment_minor
from jumun.payments.models import BalanceTransaction, Dispute, Payment, QuarantinedSnapshot
from jumun.payments.stripe.snapshots import DisputeSnapshot, transactions_within


def merge_dispute(raw: dict[str, Any]) -> Order | None:
    """A dispute of one of our payments; what belongs to none is another shop's."""
    snapshot = DisputeSnapshot.parse(raw)
    if not snapshot.payment_intent_id:
        return None
    order, reason = order_of_intent(snapshot.payment_intent_id, raw.get("payment_intent"))
    if order is not None and reason is None:
        reason = _merge(order, snapshot, raw)
    if reason is not None:
        QuarantinedSnapshot.keep(object_id=snapshot.id, reason=reason, order=order, snapshot=raw)
    return order


def _merge(order: Order, snapshot: DisputeSnapshot, raw: dict[str, Any]) -> str | None:
    """Join the dispute and its movements of money; return why staff must look at it, if so."""
    payment = Payment.saved(order, snapshot.payment_intent_id)
    if snapshot.livemode != payment.livemode:
        return Reason.LIVEMODE
    if Dispute.objects.filter(dispute_id=snapshot.id).exclude(payment=payment).exists():
        return Reason.FOREIGN_PAYMENT
    # "Usually the amount of the charge, but it can differ" (API reference, "The Dispute object"): a bank may ask for
    # more, and that must be answered in time too.
    _amount_minor, reason = part_of_payment_minor(payment, snapshot.amount, snapshot.currency, may_exceed=True)
    if reason is not None:
        return reason
    dispute, is_new = Dispute.join(payment, snapshot)
    _move_money(order, dispute, transactions_within(raw))
    if snapshot.status == dispute.status == Dispute.Status.WON:
        CreditNote.cancel_for(dispute.dispute_id)
    if not dispute.is_open and payment.unwanted_because in Payment.GIVEN_BACK:
        # While the bank had it, it could not go back.
        payment.send_back(f"{payment.payment_intent_id}:{dispute.dispute_id}")
    if is_new:
        order_disputed.send(Order, order=order)
    return None


def _move_money(order: Order, dispute: Dispute, raws: list[dict[str, Any]]) -> None:
    """Write down what was taken and given back, and tell of what is news."""
    known = set(BalanceTransaction.objects.filter(source_id=dispute.dispute_id).values_list("pk", flat=True))
    mirror_within(order, raws)
    for moved in BalanceTransaction.objects.filter(source_id=dispute.dispute_id).exclude(pk__in=known).order_by("pk"):
        taken = moved.amount_minor < 0
        dispute.record(Kind.DISPUTE_FUNDS_WITHDRAWN if taken else Kind.DISPUTE_FUNDS_REINSTATED)
