"""Giving money back: at most what was paid, however many press the button, and never twice for one press."""

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

# Longer than a call with its retries takes: whoever asked may still be waiting for the answer.
RESUME_AFTER = timedelta(minutes=1)
BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was asked for: an amount or pieces of lines, and what goes back into stock with it."""

    amount_minor: int | None
    lines: Quantities
    restock: Quantities
    reason: str
    by: AbstractBaseUser | None
    key: str

    def is_answered_by(self, earlier: Refund, payment: Payment) -> bool:
        """Whether it is the same press of the button as the one that made ``earlier``."""
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
    """Refund ``amount_minor`` of ``payment``, or what pieces of its order's ``lines`` cost; return it as Stripe has it.

    ``lines`` and ``restock`` count pieces by the position of their line: those that are refunded, and those that can
    be bought again once the money has gone back, which may be others. ``reason`` is one of `Refund.Reason` or empty.
    ``key`` stands for one press of a button: the same again gives the same refund.

    Raises `NotRefundable` with its kinds `RefundExceedsPaid`, `RefundExceedsOrdered` and `PaymentDisputed`, and
    `StripeRefused`, and then no money moves, and `StripeUnavailable`: then it is unknown, and the worker asks again
    until it is known. It is unknown as well where the keys in force do not see the payment: another account's keys
    prove nothing about a refund that this account may have made. Must not run in a transaction.
    """
    if (amount_minor is None) == (lines is None):
        raise TypeError("a refund is of an amount or of lines")
    asked = _Asked(
        amount_minor=amount_minor,
        lines=lines or {},
        restock=restock or {},
        reason=reason,
        by=by,
        key=key or str(uuid4()),
    )
    check_reconciled(payment.order)
    intention = _intend(payment, asked)
    if intention.status == Refund.Status.CREATING:
        _ask(intention)
    return intention


def resume(intention: Refund) -> None:
    """Learn what became of a refund whose answer was lost, or make it now. Raises `StripeUnavailable`."""
    # Under the keys of the other mode Stripe would say that there is no such payment, which proves nothing.
    if intention.status != Refund.Status.CREATING or intention.payment.livemode != livemode():
        return
    # What Stripe says no to is on the refund's row, where staff see it.
    with suppress(StripeRefused, PaymentDisputed):
        _ask(intention)


def enqueue_unanswered() -> int:
    """Enqueue a job, one a day, for refunds whose answer was lost, oldest first and up to a batch; return how many.

    Those of the other mode wait until its keys are in force again.
    """
    now = timezone.now()
    # Not those of tomorrow alone, which were asked for while the clock was ahead.
    is_old = Q(created_at__lte=now - RESUME_AFTER) | Q(created_at__gt=now)
    lost = Refund.objects.filter(is_old, status=Refund.Status.CREATING)
    pks = lost.filter(payment__livemode=livemode()).order_by("created_at").values_list("pk", flat=True)
    wanted = ((f"{pk}:{now.date().isoformat()}", {"refund_pk": pk}) for pk in pks.iterator())
    return Job.enqueue_missing("payments.resume_refund", wanted, limit=BATCH)


def _intend(payment: Payment, asked: _Asked) -> Refund:
    """The refund written down before Stripe is asked, within what is left of the payment (invariant I8)."""
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=payment.order_id)
        payment = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
        payment.order = order
        # Not even one that was asked for before: these keys would say that there is no such payment.
        if payment.livemode != livemode():
            raise NotRefundable(f"{payment} was made in the other mode, test or live, than that of the keys in force")
        if earlier := Refund.objects.filter(idempotency_key=asked.key).first():
            if not asked.is_answered_by(earlier, payment):
                raise NotRefundable("this key belongs to another refund")
            return earlier
        lines = lines_of(payment, asked.lines, asked.restock) if asked.lines or asked.restock else []
        amount_minor = worth_minor(payment, asked.lines) if asked.amount_minor is None else asked.amount_minor
        amount = _stripe_amount(payment, amount_minor)
        intention = Refund(
            payment=payment,
            idempotency_key=asked.key,
            amount_minor=amount_minor,
            currency=payment.currency,
            reason=asked.reason,
            by_id=asked.by.pk if asked.by else None,
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
        raise NotRefundable(f"{amount_minor} is no amount to refund")
    if amount_minor > payment.refundable_minor:
        raise RefundExceedsPaid(str(payment), payment.refundable_minor)
    try:
        return money.to_stripe(amount_minor, payment.currency)
    except money.MoneyError as error:
        raise NotRefundable(str(error)) from error


def _params(intention: Refund, order: Order, amount: int) -> dict[str, Any]:
    """The parameters of POST /v1/refunds. Our names go along, by which it is found when the key is forgotten."""
    metadata = {**stripe_metadata(order), intention.NAMED_AS: str(uuid4())}
    params = {"payment_intent": intention.payment.payment_intent_id, "amount": amount, "metadata": metadata}
    return params | ({"reason": intention.reason} if intention.reason else {})


def _ask(intention: Refund) -> None:
    """Have it made, unless it is made already: where Stripe may have forgotten the key, that is looked up first."""
    if intention.key_is_remembered or not _find(intention):
        _send(intention)


def _send(intention: Refund) -> None:
    """Ask Stripe, or ask again with the same key and parameters, and take the answer down the one road."""
    try:
        snapshot = gateway.create_refund(intention.params, idempotency_key=intention.idempotency_key)
    except StripeRefused as refusal:
        if refusal.proves_nothing:
            raise StripeUnavailable(f"the keys in force do not see the payment: {refusal}") from refusal
        intention.refuse(str(refusal))
        if refusal.code == "charge_disputed":
            # Stripe knows of a dispute before we do.
            raise PaymentDisputed(str(refusal)) from refusal
        raise
    except StripeUnavailable as fault:
        # Stripe keeps a 500 for its key as well: there will be no other answer, and what has been made can be found.
        if not fault.replayed:
            raise
        if not _find(intention):
            intention.refuse(str(fault))
            raise
        return
    apply(snapshot)
    intention.refresh_from_db()


def _find(intention: Refund) -> bool:
    """Look at Stripe for the refund that carries our name, and merge it.

    Raises `StripeUnavailable`, also where the keys in force do not see the payment: no refund of theirs proves nothing.
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
        raise StripeUnavailable(f"the keys in force do not see the payment: {refusal}") from refusal
    return False
