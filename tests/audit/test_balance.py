"""Movements of Stripe's balance that are not what our books say are named (invariant I5)."""

from collections.abc import Callable

import pytest
from django.utils import translation

from jumun.audit import findings
from jumun.payments.merge import apply
from jumun.payments.models import BalanceTransaction, Dispute, Payment, Payout, Refund
from tests.factories import paid_order
from tests.payments.balance import movement, movements, payout_of
from tests.payments.disputing import dispute_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment() -> Payment:
    """A payment of 11,000 won: captured, 1,000 refunded, another refund failed, and lost in a dispute."""
    payment = paid_order().payments.get()
    apply(movement("txn_charge", 11_000, source=str(payment.charge_id), category="charge", fee=619))
    refund = {"object": "refund", "currency": "krw", "payment_intent": payment.payment_intent_id, "metadata": {}}
    back = movement("txn_back", -1_000, source="re_1", category="refund")
    apply({"id": "re_1", "status": "succeeded", "amount": 1_000, "balance_transaction": back} | refund)
    away = movement("txn_away", -500, source="re_2", category="refund")
    again = movement("txn_again", 500, source="re_2", category="refund_failure")
    moved = {"balance_transaction": away, "failure_balance_transaction": again}
    apply({"id": "re_2", "status": "failed", "amount": 500} | moved | refund)
    payment.quarantined.get().resolve(by=None)
    apply(dispute_of(payment, status="lost"))
    return payment


def named() -> set[str]:
    return {row.subject for row in findings() if row.invariant == "I5"}


def test_movements_in_order_are_no_finding(payment: Payment) -> None:
    assert list(findings()) == []


def capture_less(payment: Payment) -> str:
    BalanceTransaction.objects.filter(transaction_id="txn_charge").update(amount_minor=10_999, net_minor=10_380)
    return payment.payment_intent_id


def capture_twice(payment: Payment) -> str:
    apply(movement("txn_twice", 11_000, source=str(payment.charge_id), category="charge"))
    return payment.payment_intent_id


def refund_more(payment: Payment) -> str:
    Refund.objects.filter(refund_id="re_1").update(amount_minor=1_001)
    return "re_1"


def fail_for_money(payment: Payment) -> str:
    BalanceTransaction.objects.filter(transaction_id="txn_again").update(amount_minor=499, net_minor=499)
    return "re_2"


def lose_less(payment: Payment) -> str:
    Dispute.objects.update(amount_minor=1)
    return "du_1"


def win_too_little(payment: Payment) -> str:
    won = movement("txn_won", 1, source="du_1", category="dispute_reversal")
    withdrawn = movement("txn_withdrawn", -11_000, source="du_1", category="dispute", fee=1_500)
    apply(dispute_of(payment, status="won", balance_transactions=[withdrawn, won]))
    return "du_1"


def hide_a_fee(payment: Payment) -> str:
    BalanceTransaction.objects.filter(transaction_id="txn_charge").update(fee_minor=0)
    return "txn_charge"


def pay_out_too_little(payment: Payment) -> str:
    paid = {"status": "paid", "reconciliation_status": "completed"}
    apply(payout_of(**paid, balance_transactions=movements()))
    assert named() == set()
    Payout.objects.update(amount_minor=1)
    return "po_1"


@pytest.mark.parametrize(
    "sin",
    [
        *(capture_less, capture_twice, refund_more, fail_for_money, lose_less, win_too_little, hide_a_fee),
        pay_out_too_little,
    ],
)
def test_a_movement_that_is_not_as_it_should_be_is_named(payment: Payment, sin: Callable[[Payment], str]) -> None:
    assert sin(payment) in named()


def lost(payment: Payment) -> dict[str, object]:
    return movement("txn_withdrawn", -payment.amount_minor, source="du_1", category="dispute", fee=1_500)


def appealed() -> list[dict[str, object]]:
    """What an appeal costs."""
    return [movement("txn_appeal", 0, source="du_1", category="dispute", fee=1_500)]


def test_a_dispute_that_is_appealed_takes_its_amount_all_the_while(payment: Payment) -> None:
    for status in ("appeal_needs_response", "appeal_under_review"):
        moved = [lost(payment), *appealed()]
        apply(dispute_of(payment, status=status, balance_transactions=moved))
        assert Dispute.objects.get().status == status
        assert named() == set()
        BalanceTransaction.objects.filter(transaction_id="txn_withdrawn").update(
            amount_minor=-10_999, net_minor=-12_499
        )
        assert "du_1" in named()
        apply(lost(payment))


def test_a_refund_that_failed_may_wait_for_the_movement_that_gives_it_back(payment: Payment) -> None:
    BalanceTransaction.objects.filter(transaction_id="txn_again").delete()
    assert Refund.objects.get(refund_id="re_2").status == "failed"
    assert named() == set()


def test_amounts_are_told_with_currency_and_order(payment: Payment) -> None:
    capture_less(payment)
    [row] = [row for row in findings() if row.invariant == "I5"]
    order = payment.order.number
    assert row.problem == f"captured ₩11,000 for order {order}, but Stripe's balance moved by ₩10,999"


def test_what_is_not_known_yet_is_no_finding(payment: Payment) -> None:
    BalanceTransaction.objects.all().delete()
    assert list(findings()) == []


def test_what_stripe_converted_is_not_compared_to_the_unit(payment: Payment) -> None:
    BalanceTransaction.objects.update(currency="USD", amount_minor=1, fee_minor=0, net_minor=1)
    assert list(findings()) == []


def test_findings_are_told_in_the_readers_language(payment: Payment) -> None:
    capture_less(payment)
    with translation.override("ko"):
        [row] = [row for row in findings() if row.invariant == "I5"]
    order = payment.order.number
    assert row.problem == f"주문 {order}의 결제 금액은 ₩11,000인데 Stripe 잔액은 ₩10,999만큼 움직였습니다"
    assert row.remedy.startswith("manage.py reconcile --repair를 실행하면")
