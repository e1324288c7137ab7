"""What our own books do not bear out once Stripe's are known."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q

from jumun.conf import livemode
from jumun.errors import StripeRefused
from jumun.orders.models import Order
from jumun.payments import gateway
from jumun.payments.balance_check import movements_that_differ, payouts_that_do_not_add_up
from jumun.payments.models import BalanceTransaction, Difference, Dispute, Payment, QuarantinedSnapshot, Reconciliation
from jumun.payments.pacing import pace
from jumun.payments.reconcile.compare import Found

Kind = Difference.Kind
Reason = QuarantinedSnapshot.Reason

_KINDS: dict[str, str] = {
    Reason.UNKNOWN_ORDER: Kind.PAID_WITHOUT_ORDER,
    Reason.PAID_AFTER_CLOSE: Kind.PAID_WITHOUT_ORDER,
    Reason.AMOUNT: Kind.AMOUNT_MISMATCH,
    Reason.CURRENCY: Kind.CURRENCY_MISMATCH,
    Reason.LIVEMODE: Kind.MODE_MISMATCH,
    Reason.SECOND_PAYMENT: Kind.PAYMENT_DOUBLED,
    Reason.FOREIGN_PAYMENT: Kind.PAYMENT_DOUBLED,
    Reason.UNKNOWN_PAYMENT: Kind.REFUND_WITHOUT_PAYMENT,
    Reason.MALFORMED: Kind.MALFORMED,
    Reason.REFUND_FAILED: Kind.REFUND_FAILED,
}


def own_differences(run: Reconciliation) -> Iterator[Found]:
    """What staff must still decide, whenever it came, and what does not add up. Raises `StripeUnavailable`."""
    yield from _undecided()
    yield from _orders_without_invoice(run)
    yield from _payments_not_at_stripe(run)
    for object_id, problem in movements_that_differ(run.since):
        yield Found(kind=Kind.BALANCE_DIFFERS, object_id=object_id, problem=problem)
    for payout, problem in payouts_that_do_not_add_up():
        yield Found(kind=Kind.PAYOUT_DOES_NOT_ADD_UP, object_id=payout, problem=problem)


def _undecided() -> Iterator[Found]:
    # What is to go back and is disputed waits for the bank, not for staff.
    at_the_bank = Q(reason__in=Payment.GIVEN_BACK, payment__disputes__in=Dispute.blocking())
    waiting = QuarantinedSnapshot.objects.filter(resolved_at=None).exclude(at_the_bank)
    for row in waiting.defer("snapshot").select_related("order"):
        yield Found(
            kind=_KINDS.get(row.reason, Kind.UNDECIDED),
            object_id=row.object_id,
            order_number=row.order.number if row.order else "",
            problem=row.reason,
        )


def _orders_without_invoice(run: Reconciliation) -> Iterator[Found]:
    paid = Order.objects.filter(state=Order.State.PAID, paid_at__gte=run.since, invoice=None)
    for number in paid.values_list("number", flat=True):
        yield Found(
            kind=Kind.ORDER_WITHOUT_INVOICE, object_id=number, order_number=number, problem="paid, and has no invoice"
        )


def _payments_not_at_stripe(run: Reconciliation) -> Iterator[Found]:
    """Payments whose fee nobody has told of are asked for one by one; with ``repair`` these are few.

    Those of the other mode, test or live, are invisible to our key.
    """
    known = BalanceTransaction.objects.filter(source_id=OuterRef("charge_id"))
    paid = Payment.objects.filter(livemode=livemode(), status=Payment.Status.PAID, paid_at__gte=run.since)
    untold = paid.filter(~Exists(known))
    for payment_intent_id, number in untold.values_list("payment_intent_id", "order__number"):
        if problem := _why_not_paid(payment_intent_id):
            yield Found(
                kind=Kind.PAYMENT_NOT_AT_STRIPE, object_id=payment_intent_id, order_number=number, problem=problem
            )


def _why_not_paid(payment_intent_id: str) -> str:
    pace()
    try:
        intent = gateway.retrieve_payment_intent(payment_intent_id)
    except StripeRefused as refusal:
        return f"paid here; Stripe says: {refusal}"
    return "" if intent.get("status") == "succeeded" else f"paid here, {intent.get('status')} at Stripe"
