"""Amounts that Stripe reports are stored to the unit, also those that nobody could be charged."""

from typing import Any

import pytest
from django.test import Client

from jumun.audit import findings
from jumun.payments.merge import apply
from jumun.payments.models import BalanceTransaction, InboxEvent, Payout, QuarantinedSnapshot
from paywright.testing import Paywright
from tests.factories import item, paid_order, refund_snapshot
from tests.payments.balance import movement
from tests.payments.disputing import dispute_of
from tests.payments.paying import buy, hear
from tests.payments.reconciling import reconcile

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("currency", "price_minor"), [("ISK", 2_500), ("UGX", 50_017)])
def test_a_fee_with_a_fraction_of_a_whole_currency(
    stripe: Paywright, admin_client: Client, currency: str, price_minor: int
) -> None:
    payment = buy(stripe, currency=currency, price_minor=price_minor)
    stripe.advance("1h")
    hear(stripe, payment.payment_intent_id, "charge.updated")
    assert {event.state for event in InboxEvent.objects.all()} == {"done"}
    [charged] = BalanceTransaction.objects.filter(source_id=payment.charge_id)
    assert charged.amount_minor == payment.amount_minor * 100
    assert charged.fee_minor % 100, "or this test proves nothing"
    assert charged.net_minor == charged.amount_minor - charged.fee_minor
    assert list(findings()) == []
    assert reconcile("--repair")[0] == 0
    assert reconcile()[0] == 0
    page = admin_client.get("/admin/jumun_payments/balancetransaction/")
    major, hundredths = divmod(charged.fee_minor, 100)
    assert f"{major:,}.{hundredths:02}" in page.content.decode()


def test_a_movement_that_is_off_by_a_hundredth_is_found(stripe: Paywright) -> None:
    payment = buy(stripe, currency="ISK", price_minor=2_500)
    apply(movement("txn_1", 500_001, source=str(payment.charge_id), category="charge") | {"currency": "isk"})
    assert [(row.invariant, row.subject) for row in findings()] == [("I5", payment.payment_intent_id)]


def test_a_payout_in_hundredths_and_one_in_a_currency_that_nobody_knows(admin_client: Client) -> None:
    for number, currency in enumerate(("isk", "usdc", "xqz")):
        payout = {"id": f"po_{number}", "object": "payout", "amount": 18_640, "currency": currency, "automatic": False}
        moments = {"created": 1_790_000_000, "arrival_date": 1_790_000_000}
        apply(payout | moments | {"livemode": False, "status": "paid"})
        apply(movement(f"txn_{number}", 18_640, source="", category="fee") | {"currency": currency})
    assert sorted(Payout.objects.values_list("amount_minor", "currency")) == [
        (18_640, "ISK"),
        (18_640, "USDC"),
        (18_640, "XQZ"),
    ]
    for name in ("payout", "balancetransaction"):
        page = admin_client.get(f"/admin/jumun_payments/{name}/").content.decode()
        assert all(amount in page for amount in ("186.40", "18640 USDC", "18640 XQZ"))


@pytest.mark.parametrize("make", [dispute_of, lambda payment: refund_snapshot(payment, 1)])
def test_a_part_with_a_fraction_is_set_aside_alone(make: Any) -> None:
    payment = paid_order(currency="ISK", lines=[item(tax_rate_ppm=0)]).payments.get()
    apply(make(payment) | {"amount": 18_640})
    assert QuarantinedSnapshot.objects.get().reason == "amount"
    assert not payment.refunds.exists()
