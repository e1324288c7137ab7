"""What our own books do not bear out once Stripe's are known."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from jumun.conf import livemode
from jumun.errors import OrderRefused, StripeRefused
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.payments.amount_text import amount_text
from jumun.payments.models import (
    BalanceTransaction,
    Difference,
    Dispute,
    Payment,
    QuarantinedSnapshot,
    Reconciliation,
    Refund,
)
from jumun.payments.reconcile.balance import TAKEN, movements_that_differ, payouts_that_do_not_add_up
from jumun.payments.reconcile.compare import Comparison, tried
from jumun.payments.reconcile.found import Found
from jumun.payments.reconcile.frozen_lines import lines_that_differ
from jumun.payments.stripe import gateway
from jumun.payments.stripe.rate_limit import pace

# Told of one invoice: an order of a hundred lines may have them all changed.
PROBLEMS_MAX = 5
Kind = Difference.Kind
Reason = QuarantinedSnapshot.Reason
Part = TypeVar("Part", Refund, Dispute)


def own_differences(run: Reconciliation, comparison: Comparison) -> Iterator[Found]:
    """What staff must still decide, whenever it came, and what does not add up, in the books as the repair leaves them.

    Raises `StripeUnavailable`.
    """
    yield from _orders_not_paid(run)
    yield from comparison.rehearsed(lambda: _checks(run))
    yield from _payments_not_at_stripe(run, comparison)
    yield from _parts_not_at_stripe(run)


def _checks(run: Reconciliation) -> Iterator[Found]:
    """Queries of our database alone. Each names the order that it is about."""
    yield from _undecided()
    yield from _orders_without_payment(run)
    yield from _orders_without_invoice(run)
    yield from _orders_unlike_their_invoice(run)
    for subject, number, problem in movements_that_differ(run.since):
        yield Found(kind=Kind.BALANCE_DIFFERS, object_id=subject, order_number=number, problem=problem)
    for payout_id, problem in payouts_that_do_not_add_up():
        yield Found(kind=Kind.PAYOUT_DOES_NOT_ADD_UP, object_id=payout_id, problem=problem)


def _orders_not_paid(run: Reconciliation) -> Iterator[Found]:
    """Orders that are not paid though the payment that settled them is on record: they are paid again by it."""
    settling = Payment.objects.filter(settles_order=True, status=Payment.Status.PAID)
    astray = settling.exclude(order__state=Order.State.PAID).order_by("order_id")
    for payment in astray.select_related("order"):
        order = payment.order
        paid = amount_text(payment.amount_minor, payment.currency)
        problem = f"{order.state} here, though {payment.payment_intent_id} paid {paid} for it"
        is_paid = False
        with tried(keep=run.repair):
            is_paid = _pay_again(payment)
        problem += f"; state {order.state} → paid" if is_paid else "; what was ordered cannot be supplied any more"
        yield Found(
            kind=Kind.ORDER_DIFFERS,
            object_id=order.number,
            order_number=order.number,
            problem=problem,
            repaired=is_paid and run.repair,
        )


def _pay_again(payment: Payment) -> bool:
    order = Order.objects.select_for_update(no_key=True).get(pk=payment.order_id)
    at = payment.paid_at or payment.created_at
    try:
        is_paid = order.mark_paid(at=at) or order.revive(at=at)
    except OrderRefused:
        return False
    if is_paid and not Invoice.objects.filter(order=order).exists():
        payment.order = order
        Invoice.issue(order, paid_by=payment.reference(payment.payment_intent_id, at=at))
    return is_paid


def _undecided() -> Iterator[Found]:
    # What is to go back and is disputed waits for the bank, not for staff.
    at_the_bank = Q(reason__in=Payment.AUTO_REFUNDED, payment__disputes__in=Dispute.blocking())
    waiting = QuarantinedSnapshot.objects.filter(resolved_at=None).exclude(at_the_bank)
    # An issuer's warning says nothing of the books; the report tells it apart, as it does open disputes.
    for row in waiting.exclude(reason=Reason.FRAUD_WARNING).select_related("order", "payment"):
        yield Found.waiting(row)


def _orders_without_payment(run: Reconciliation) -> Iterator[Found]:
    settling = Payment.objects.filter(order=OuterRef("pk"), settles_order=True, status=Payment.Status.PAID)
    paid = Order.objects.filter(state=Order.State.PAID, paid_at__gte=run.since)
    for order in paid.filter(~Exists(settling)):
        problem = f"{amount_text(order.total_minor, order.currency)} paid here, and no payment of Stripe's says so"
        yield Found(kind=Kind.ORDER_DIFFERS, object_id=order.number, order_number=order.number, problem=problem)


def _orders_without_invoice(run: Reconciliation) -> Iterator[Found]:
    paid = Order.objects.filter(state=Order.State.PAID, paid_at__gte=run.since, invoice=None)
    for order in paid:
        total = amount_text(order.total_minor, order.currency)
        problem = f"{total} paid, and no invoice was issued"
        yield Found(kind=Kind.ORDER_WITHOUT_INVOICE, object_id=order.number, order_number=order.number, problem=problem)


def _orders_unlike_their_invoice(run: Reconciliation) -> Iterator[Found]:
    issued = Invoice.objects.filter(issued_at__gte=run.since).select_related("order").prefetch_related("order__lines")
    for invoice in issued.iterator(chunk_size=200):
        if problems := list(islice(lines_that_differ(invoice), PROBLEMS_MAX)):
            number, problem = invoice.order.number, "; ".join(problems)
            yield Found(kind=Kind.INVOICE_DIFFERS, object_id=invoice.number, order_number=number, problem=problem)


def _payments_not_at_stripe(run: Reconciliation, comparison: Comparison) -> Iterator[Found]:
    """Payments that were not among the account's charges, or whose fee nobody has told of, are asked for one by one:
    there are few, unless the keys in force are another account's.

    Those of the other mode, test or live, are invisible to our key.
    """
    known = BalanceTransaction.objects.filter(source_id=OuterRef("charge_id"))
    paid = Payment.objects.filter(livemode=livemode(), status=Payment.Status.PAID, paid_at__gte=run.since)
    for payment in paid.annotate(is_booked=Exists(known)).select_related("order"):
        is_listed = payment.charge_id in comparison.charges or not comparison.is_whole
        if is_listed and payment.is_booked:
            continue
        if problem := _why_not_paid(payment):
            yield Found(
                kind=Kind.PAYMENT_NOT_AT_STRIPE,
                object_id=payment.payment_intent_id,
                order_number=payment.order.number,
                problem=problem,
            )


def _parts_not_at_stripe(run: Reconciliation) -> Iterator[Found]:
    """Refunds and disputes that have moved money here and none at Stripe are asked for one by one as well."""
    booked = BalanceTransaction.objects.filter(source_id=OuterRef("refund_id"))
    refunds = Refund.objects.filter(
        created_at__gte=run.since, status__in=[Refund.Status.PENDING, Refund.Status.SUCCEEDED]
    )
    for refund in _of_this_mode(refunds.filter(~Exists(booked))):
        if why := _why_unknown(gateway.retrieve_refund, str(refund.refund_id)):
            yield _unknown_part(Kind.REFUND_DIFFERS, refund, str(refund.refund_id), why)
    booked = BalanceTransaction.objects.filter(source_id=OuterRef("dispute_id"))
    disputes = Dispute.objects.filter(opened_at__gte=run.since, status__in=TAKEN)
    for dispute in _of_this_mode(disputes.filter(~Exists(booked))):
        if why := _why_unknown(gateway.retrieve_dispute, dispute.dispute_id):
            yield _unknown_part(Kind.DISPUTE_DIFFERS, dispute, dispute.dispute_id, why)


def _of_this_mode(parts: QuerySet[Part]) -> QuerySet[Part]:
    return parts.filter(payment__livemode=livemode()).select_related("payment__order")


def _why_unknown(retrieve: Callable[[str], object], object_id: str) -> str:
    pace()
    try:
        retrieve(object_id)
    except StripeRefused as refusal:
        return refusal.words
    return ""


def _unknown_part(kind: str, part: Refund | Dispute, object_id: str, why: str) -> Found:
    problem = f"{amount_text(part.amount_minor, part.currency)}, {part.status} here; Stripe says: {why}"
    return Found(kind=kind, object_id=object_id, order_number=part.payment.order.number, problem=problem)


def _why_not_paid(payment: Payment) -> str:
    pace()
    paid = amount_text(payment.amount_minor, payment.currency)
    try:
        intent = gateway.retrieve_payment_intent(payment.payment_intent_id)
    except StripeRefused as refusal:
        return f"{paid} paid here; Stripe, under the keys in force, says: {refusal.words}"
    return "" if intent.get("status") == "succeeded" else f"{paid} paid here, {intent.get('status')} at Stripe"
