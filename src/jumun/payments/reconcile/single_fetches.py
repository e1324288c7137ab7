"""Rows of ours that the listings may leave out: Stripe is asked about each, for there are few.

Rows of the other mode, test or live, are left out: the current keys do not see them. All functions raise
`StripeUnavailable`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from django.db.models import Exists, OuterRef, QuerySet

from jumun.conf import livemode
from jumun.errors import StripeRefused
from jumun.payments.audits.balance import STANDING, TAKEN
from jumun.payments.models import BalanceTransaction, Difference, Dispute, Payment, Payout, Reconciliation, Refund
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.reconcile.problem_text import amount_text, stripe_amount_text
from jumun.payments.stripe import gateway
from jumun.payments.stripe.rate_limit import pace

Kind = Difference.Kind
Row = Refund | Dispute | Payout
Part = TypeVar("Part", Refund, Dispute)


def unfinished(run: Reconciliation, comparison: Comparison) -> Iterator[Difference]:
    """Compare what is not at its end and older than the window: open disputes, and refunds and payouts on their way."""
    disputes = Dispute.open_ones().filter(payment__livemode=livemode(), opened_at__lt=run.since)
    refunds = Refund.objects.filter(
        status__in=[Refund.Status.PENDING, Refund.Status.REQUIRES_ACTION],
        payment__livemode=livemode(),
        created_at__lt=run.since,
    )
    payouts = Payout.unfinished().filter(livemode=livemode(), created_at__lt=run.since)
    rows: list[Row] = [*_with_order(disputes), *_with_order(refunds), *payouts]
    for row in rows:
        raw, refused = _fetch(row)
        yield from refused
        if raw:
            yield from comparison.of(raw)


def not_at_stripe(run: Reconciliation, comparison: Comparison) -> Iterator[Difference]:
    """Payments, refunds and disputes of the window that moved money here and, as far as we know, none at Stripe."""
    yield from _payments_not_at_stripe(run, comparison)
    refunds = Refund.objects.filter(
        ~_is_booked("refund_id"), payment__livemode=livemode(), created_at__gte=run.since, status__in=STANDING
    )
    disputes = Dispute.objects.filter(
        ~_is_booked("dispute_id"), payment__livemode=livemode(), opened_at__gte=run.since, status__in=TAKEN
    )
    rows: list[Row] = [*_with_order(refunds), *_with_order(disputes)]
    for row in rows:
        _raw, refused = _fetch(row)
        yield from refused


def _payments_not_at_stripe(run: Reconciliation, comparison: Comparison) -> Iterator[Difference]:
    """Payments that are not among the account's charges, or whose fee is not known."""
    paid = Payment.objects.filter(livemode=livemode(), status=Payment.Status.PAID, paid_at__gte=run.since)
    for payment in paid.annotate(is_booked=_is_booked("charge_id")).select_related("order"):
        is_listed = payment.charge_id in comparison.charge_ids or not comparison.is_whole
        if is_listed and payment.is_booked:
            continue
        if problem := _why_not_paid(payment):
            yield Difference(
                kind=Kind.PAYMENT_NOT_AT_STRIPE,
                object_id=payment.payment_intent_id,
                order_number=payment.order.number,
                problem=problem,
            )


def _with_order(rows: QuerySet[Part]) -> QuerySet[Part]:
    return rows.select_related("payment__order")


def _is_booked(source: str) -> Exists:
    return Exists(BalanceTransaction.objects.filter(source_id=OuterRef(source)))


def _why_not_paid(payment: Payment) -> str:
    pace()
    paid = amount_text(payment.amount_minor, payment.currency)
    try:
        intent = gateway.retrieve_payment_intent(payment.payment_intent_id)
    except StripeRefused as refusal:
        return f"{paid} paid here; to the current keys, Stripe says: {refusal.words}"
    return "" if intent.get("status") == "succeeded" else f"{paid} paid here, {intent.get('status')} at Stripe"


def _fetch(row: Row) -> tuple[dict[str, Any] | None, Iterable[Difference]]:
    """The object at Stripe; or else the difference, if Stripe does not have it."""
    kind, retrieve, object_id, order_number, amount = _described(row)
    pace()
    try:
        return retrieve(object_id), ()
    except StripeRefused as refusal:
        problem = f"{amount}, {row.status} here; to the current keys, Stripe says: {refusal.words}"
        return None, [Difference(kind=kind, object_id=object_id, order_number=order_number, problem=problem)]


def _described(row: Row) -> tuple[Kind, Callable[[str], dict[str, Any]], str, str, str]:
    if isinstance(row, Payout):
        amount = stripe_amount_text(row.amount_minor, row.currency)
        return Kind.PAYOUT_DIFFERS, gateway.retrieve_payout, row.payout_id, "", amount
    number, amount = row.payment.order.number, amount_text(row.amount_minor, row.currency)
    if isinstance(row, Refund):
        return Kind.REFUND_DIFFERS, gateway.retrieve_refund, str(row.refund_id), number, amount
    return Kind.DISPUTE_DIFFERS, gateway.retrieve_dispute, row.dispute_id, number, amount
