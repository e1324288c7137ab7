"""Refunds: at most what was paid, however many people press the button, and never twice for one press."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from jumun import money
from jumun.conf import livemode
from jumun.errors import NotRefundable, PaymentDisputed, RefundExceedsPaid, StripeRefused, StripeUnavailable
from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.outbox.models import Job
from jumun.payments.merge import apply
from jumun.payments.models import Dispute, Payment, Refund, RefundLine
from jumun.payments.models.intention import check_reconciled
from jumun.payments.refunds.lines import Quantities, lines_of, worth_minor
from jumun.payments.stripe import gateway
from jumun.payments.stripe.metadata import stripe_metadata
from jumun.payments.stripe.snapshots import Metadata

# Longer than a call with its retries takes, as the first caller may still be waiting for the answer.
RESUME_AFTER = timedelta(minutes=1)
BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What is requested: an amount or quantities of lines, and what goes back into stock."""

    amount_minor: int | None
    lines: Quantities
    restock: Quantities
    reason: str
    by: AbstractBaseUser | None
    key: str

    def is_answered_by(self, earlier: Refund, payment: Payment) -> bool:
        """Whether the same press of the button has made ``earlier``."""
        if earlier.payment_id != payment.pk:
            return False
        if self.amount_minor is not None:
            return earlier.amount_minor == self.amount_minor
        return earlier.quantities == {position: quantity for position, quantity in self.lines.items() if quantity}


def refund(
    payment: Payment,
    *,
    amount_minor: int | None = None,
    lines: Quantities | None = None,
    restock: Quantities | None = None,
    reason: str,
    by: AbstractBaseUser | None,
    key: str | None = None,
) -> Refund:
    """Refund ``amount_minor`` of ``payment``, or the price of quantities of its order's ``lines``.

    ``lines`` and ``restock`` are quantities by the position of their line: those that are refunded, and those that go
    back into stock once the money has been refunded, which may differ. ``reason`` is one of `Refund.Reason` or empty.
    ``key`` stands for one press of a button: the same key gives the same refund.

    Raises `NotRefundable`, its subclasses `RefundExceedsPaid`, `RefundExceedsOrdered` and `PaymentDisputed`, and
    `StripeRefused`: then no money moves. Raises `StripeUnavailable` where the outcome is unknown: then the worker
    repeats the call until it is known. It is unknown as well where the present keys cannot see the payment: the keys
    of another account prove nothing about a refund that this account may have made. Must not run in a transaction.
    """
    if (amount_minor is None) == (lines is None):
        raise TypeError("a refund is of an amount or of lines")
    request = _Request(
        amount_minor=amount_minor,
        lines=lines or {},
        restock=restock or {},
        reason=reason,
        by=by,
        key=key or str(uuid4()),
    )
    check_reconciled(payment.order)
    intention = _intend(payment, request)
    if intention.status == Refund.Status.CREATING:
        _make(intention)
    return intention


def resume(intention: Refund) -> None:
    """Find out whether a refund was made whose answer was lost, or make it now. Raises `StripeUnavailable`."""
    # With the keys of the other mode Stripe would not find the payment, which proves nothing.
    if intention.status != Refund.Status.CREATING or intention.payment.livemode != livemode():
        return
    # A refusal is stored in the refund's row, where staff see it.
    with suppress(StripeRefused, PaymentDisputed):
        _make(intention)


def enqueue_unanswered() -> int:
    """Enqueue a job, one a day, for each refund whose answer was lost, oldest first, up to a batch; return how many.

    Refunds of the other mode wait until its keys are configured again.
    """
    now = timezone.now()
    # A row of the future was written while the clock was ahead.
    is_old = Q(created_at__lte=now - RESUME_AFTER) | Q(created_at__gt=now)
    lost = Refund.objects.filter(is_old, status=Refund.Status.CREATING)
    pks = lost.filter(payment__livemode=livemode()).order_by("created_at").values_list("pk", flat=True)
    wanted = ((f"{pk}:{now.date().isoformat()}", {"refund_pk": pk}) for pk in pks.iterator())
    return Job.enqueue_missing("payments.resume_refund", wanted, limit=BATCH)


def _intend(payment: Payment, request: _Request) -> Refund:
    """Write the refund down before the call to Stripe, within what is left of the payment (invariant I8)."""
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=payment.order_id)
        payment = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
        payment.order = order
        # Not even a repeated request: with these keys Stripe would not find the payment.
        if payment.livemode != livemode():
            raise NotRefundable(f"{payment} was made in the other mode, test or live, than the configured keys are for")
        if earlier := Refund.objects.filter(idempotency_key=request.key).first():
            if not request.is_answered_by(earlier, payment):
                raise NotRefundable("this key belongs to another refund")
            return earlier
        lines = lines_of(payment, request.lines, request.restock) if request.lines or request.restock else []
        amount_minor = worth_minor(payment, request.lines) if request.amount_minor is None else request.amount_minor
        amount = _stripe_amount(payment, amount_minor)
        intention = Refund(
            payment=payment,
            idempotency_key=request.key,
            amount_minor=amount_minor,
            currency=payment.currency,
            reason=request.reason,
            by_id=request.by.pk if request.by else None,
        )
        intention.freeze(_params(intention, order, amount))
        for line in lines:
            line.refund = intention
        RefundLine.objects.bulk_create(lines)
        payment.record(Kind.REFUND_REQUESTED, amount_minor=amount_minor)
        return intention


def _stripe_amount(payment: Payment, amount_minor: int) -> int:
    if payment.status != Payment.Status.PAID:
        raise NotRefundable(f"{payment} is {payment.status}")
    if payment.is_blocked_by_dispute and (dispute := Dispute.blocking_one_of(payment)):
        raise PaymentDisputed(f"{payment} is disputed ({dispute}: {dispute.status})", dispute.dispute_id)
    if amount_minor < 1:
        raise NotRefundable(f"{amount_minor} is not an amount to refund")
    if amount_minor > payment.refundable_minor:
        raise RefundExceedsPaid(str(payment), payment.refundable_minor)
    try:
        return money.to_stripe(amount_minor, payment.currency)
    except money.MoneyError as error:
        raise NotRefundable(str(error)) from error


def _params(intention: Refund, order: Order, amount: int) -> dict[str, Any]:
    """The parameters of POST /v1/refunds. By our metadata we find the refund when Stripe has forgotten the key."""
    metadata = {**stripe_metadata(order), intention.NAMED_AS: str(uuid4())}
    params = {"payment_intent": intention.payment.payment_intent_id, "amount": amount, "metadata": metadata}
    return params | ({"reason": intention.reason} if intention.reason else {})


def _make(intention: Refund) -> None:
    """Make the refund. Where Stripe may have forgotten the key, look first whether it was made already."""
    if intention.key_is_remembered or not _find(intention):
        _send(intention)


def _send(intention: Refund) -> None:
    """Call Stripe, always with the same key and parameters, and merge the answer."""
    try:
        snapshot = gateway.create_refund(intention.params, idempotency_key=intention.idempotency_key)
    except StripeRefused as refusal:
        if refusal.proves_nothing:
            raise StripeUnavailable(f"the present keys cannot see the payment: {refusal}") from refusal
        intention.refuse(str(refusal))
        if refusal.code == "charge_disputed":
            # Stripe knows of a dispute before we do.
            raise PaymentDisputed(str(refusal)) from refusal
        raise
    except StripeUnavailable as fault:
        # Stripe repeats even a 500 for its key, so there will be no other answer. A refund that was made can be found.
        if not fault.replayed:
            raise
        if not _find(intention):
            intention.refuse(str(fault))
            raise
        return
    apply(snapshot)
    intention.refresh_from_db()


def _find(intention: Refund) -> bool:
    """Find the refund with our metadata at Stripe, and merge it; return whether there is one.

    Raises `StripeUnavailable`, also where the present keys cannot see the payment: then finding none proves nothing.
    """
    payment_intent_id = intention.payment.payment_intent_id
    try:
        for found in gateway.refunds_of(payment_intent_id):
            if intention.is_named(Metadata.within(found).refund):
                apply(found)
                intention.refresh_from_db()
                return True
        gateway.retrieve_payment_intent(payment_intent_id)
    except StripeRefused as refusal:
        raise StripeUnavailable(f"the present keys cannot see the payment: {refusal}") from refusal
    return False
