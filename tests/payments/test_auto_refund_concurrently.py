"""An automatic refund is done once Stripe has made it, whatever was refused before or is asked for at the same time."""

from typing import Any

import pytest

from jumun.errors import RefundUnderWay
from jumun.payments.models import Payment, Refund
from jumun.payments.refunds import automatic
from tests.factories import paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(monkeypatch: pytest.MonkeyPatch) -> Payment:
    """A payment that goes back, of which another worker asks Stripe right now."""
    monkeypatch.setattr(automatic, "resume", lambda _refund: None)
    payment = paid_order().payments.get()
    Payment.objects.update(settles_order=False, rejection_reason="second_payment")
    payment.refresh_from_db()
    return payment


def add(payment: Payment, status: str, **values: Any) -> None:
    Refund.objects.create(payment=payment, status=status, amount_minor=payment.amount_minor, currency="KRW", **values)


@pytest.mark.parametrize("earlier", [[], ["refused"]])
def test_what_another_worker_asks_for_is_not_done_yet(payment: Payment, earlier: list[str]) -> None:
    for status in [*earlier, "creating"]:
        add(payment, status)
    with pytest.raises(RefundUnderWay):
        automatic.auto_refund(payment)


@pytest.mark.parametrize("status", ["pending", "requires_action", "succeeded"])
def test_what_stripe_has_made_is_done(payment: Payment, status: str) -> None:
    add(payment, "refused")
    add(payment, status, refund_id="re_1")
    automatic.auto_refund(payment)
    assert Refund.objects.count() == 2
