"""Fees and payouts: what Stripe's balance says of our payments, and what it sent to the bank."""

from typing import Any

import pytest

from jumun.payments.merge import apply
from jumun.payments.models import BalanceTransaction, Payment, Payout
from jumun.payments.refunds.refund import refund
from paywright.testing import Paywright
from tests.payments.balance import movement, movements, payout_of
from tests.payments.paying import FAILING_REFUND_CARD, buy, hear

pytestmark = pytest.mark.django_db

PAYOUT_EVENTS = tuple(
    f"payout.{kind}" for kind in ("created", "updated", "paid", "failed", "canceled", "reconciliation_completed")
)


def test_the_fee_is_learnt_once_stripe_has_captured_the_money(stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.settle()
    stripe.advance(10)
    hear(stripe, payment.payment_intent_id, "charge.updated")
    payment.refresh_from_db()
    transaction = BalanceTransaction.objects.get(source_id=payment.charge_id)
    assert (transaction.amount_minor, transaction.currency, transaction.reporting_category) == (11_000, "KRW", "charge")
    assert transaction.net_minor == 11_000 - transaction.fee_minor < 11_000


def test_a_refund_brings_its_own_movement_and_a_failed_one_gives_it_back(stripe: Paywright) -> None:
    payment = buy(stripe, card=FAILING_REFUND_CARD)
    made = refund(payment, amount_minor=4_000, reason="", by=None)
    assert list(amounts_of(made.refund_id)) == [-4_000]
    stripe.advance(10)
    hear(stripe, payment.payment_intent_id, "refund.failed")
    assert sorted(amounts_of(made.refund_id)) == [-4_000, 4_000]


def amounts_of(source_id: str | None) -> Any:
    return BalanceTransaction.objects.filter(source_id=source_id).values_list("amount_minor", flat=True)


def test_a_payout_is_known_with_all_that_it_is_made_of(stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.advance("9d")
    for kind in PAYOUT_EVENTS:
        hear(stripe, "po_", kind)
    payout = Payout.objects.get()
    assert (payout.status, payout.is_itemised) == ("paid", True)
    assert payout.itemised_minor == payout.amount_minor
    payment.refresh_from_db()
    assert Payment.objects.filter(charge_id__in=payout.transactions.values("source_id")).get() == payment


def test_a_payout_only_moves_forward_and_may_fail_after_it_was_paid() -> None:
    failed = payout_of(status="failed", failure_message="The bank account has been closed.")
    for snapshot in (payout_of(status="paid"), payout_of(), failed, payout_of(status="in_transit")):
        apply(snapshot)
    payout = Payout.objects.get()
    assert (payout.status, payout.failure_message) == ("failed", "The bank account has been closed.")


def test_a_payout_is_itemised_only_when_stripe_has_told_all_of_it() -> None:
    apply(payout_of(status="paid", reconciliation_status="completed"))
    payout = Payout.objects.get()
    assert (payout.is_itemised, Payout.unfinished().count()) == (False, 1)
    apply(payout_of(status="paid", reconciliation_status="completed", balance_transactions=movements()))
    payout = Payout.objects.get()
    assert (payout.is_itemised, payout.itemised_minor) == (True, 9_500)


def test_what_stripe_says_again_is_written_again() -> None:
    for fee in (999, 500):
        apply(movement("txn_1", 10_000, source="ch_1", category="charge", fee=fee))
    assert BalanceTransaction.objects.get().fee_minor == 500
