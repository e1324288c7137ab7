"""Which movements of the balance a dispute and a refund must have, in each state (invariant I5)."""

from typing import Any

import pytest

from jumun.audit import findings
from jumun.payments.merge import apply
from jumun.payments.models import Payment
from tests.factories import paid_order, refund_snapshot
from tests.payments.balance import movement
from tests.payments.disputing import dispute_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment() -> Payment:
    return paid_order().payments.get()


def named() -> list[str]:
    return [row.subject for row in findings() if row.invariant == "I5"]


@pytest.mark.parametrize(
    "status", ["needs_response", "under_review", "appeal_needs_response", "appeal_under_review", "lost"]
)
def test_a_dispute_that_has_its_money_has_all_of_it(payment: Payment, status: str) -> None:
    withdrawn = movement("txn_withdrawn", -11_000, source="du_1", category="dispute")
    more = movement("txn_more", 1, source="du_1", category="dispute")
    apply(dispute_of(payment, status=status, balance_transactions=[withdrawn, more]))
    assert named() == ["du_1"]


@pytest.mark.parametrize(
    "status", ["warning_needs_response", "warning_under_review", "warning_closed", "prevented", "won"]
)
def test_of_a_dispute_without_its_money_one_movement_tells_nothing(payment: Payment, status: str) -> None:
    withdrawn = movement("txn_withdrawn", -11_000, source="du_1", category="dispute")
    apply(dispute_of(payment, status=status, balance_transactions=[withdrawn]))
    assert named() == []


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_what_came_back_of_a_refund_is_compared_once_it_is_known(payment: Payment, status: str) -> None:
    away = movement("txn_away", -500, source="re_1", category="refund")
    back = movement("txn_back", 499, source="re_1", category="refund_failure")
    refund: dict[str, Any] = refund_snapshot(payment, 500, id="re_1", status=status, balance_transaction=away)
    apply(refund)
    assert named() == []
    apply(refund | {"failure_balance_transaction": back})
    assert named() == ["re_1"]
