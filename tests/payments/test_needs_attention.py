"""What happens at Stripe and is no payment: declines, warnings of fraud, returned payouts, sales of others."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from jumun.backoffice.dashboard import Concern, concerns
from jumun.backoffice.timeline import timeline_of
from jumun.orders.models import Order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import InboxEvent, Payment, QuarantinedSnapshot
from jumun.payments.reconcile.compare import Comparison
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import paid_order, place_order
from tests.payments.balance import movements, payout_of
from tests.payments.paying import FAILING_REFUND_CARD, URLS, buy, hear, pay_unnoticed, session_id, work
from tests.payments.reconciling import kinds, reconcile
from tests.payments.stripe_says import deliver, event

pytestmark = pytest.mark.django_db

DECLINED_CARD, EMPTY_CARD = "4000000000000002", "4000000000009995"
WARNED_CARD = "4000000000005423"
WARNING = "radar.early_fraud_warning"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """By when every event that Stripe has made should have come."""
    now = timezone.now() + timedelta(minutes=10)
    monkeypatch.setattr(timezone, "now", lambda: now)


def texts(concern: Concern) -> tuple[str, int]:
    with translation.override("en"):
        return str(concern.text), concern.count


def declines_of(order: Order) -> list[str]:
    with translation.override("en"):
        return [told.what for told in timeline_of(order) if "declined" in told.what]


def test_declined_cards_are_on_the_order_and_no_difference(stripe: Paywright, later: None) -> None:
    order = place_order(language="en")
    open_checkout(order, **URLS)
    for card in (DECLINED_CARD, EMPTY_CARD):
        stripe.pay(session_id(order), card=card)
    assert (reconcile()[0], reconcile("--repair")[1]["differences"]) == (0, [])
    assert not Payment.objects.exists()
    hear(stripe, order.reference, "payment_intent.payment_failed")
    generic, empty = declines_of(order)
    assert generic == "A card was declined: Your card was declined. (generic_decline)"
    assert "(insufficient_funds)" in empty
    assert reconcile()[1]["differences"] == []


def test_a_decline_is_told_once_however_often_its_event_comes() -> None:
    order = place_order()
    error = {"code": "card_declined", "decline_code": "lost_card", "message": "No.", "charge": "ch_declined"}
    names = {"order_reference": order.reference}
    intent = {"id": "pi_declined", "object": "payment_intent", "metadata": names, "last_payment_error": error}
    for _ in range(2):
        deliver(event(intent, "payment_intent.payment_failed"))
    work()
    again = intent | {"last_payment_error": error | {"charge": "ch_again"}}
    deliver(event(again, "payment_intent.payment_failed"))
    work()
    assert declines_of(order) == ["A card was declined: No. (lost_card)"] * 2


@pytest.mark.parametrize(
    ("error", "why", "code"),
    [
        ({"message": "No."}, "No.", ""),
        ({"code": "card_declined"}, "card_declined", "card_declined"),
        ({"code": "card_declined", "decline_code": "lost_card", "message": "No."}, "No.", "lost_card"),
    ],
)
def test_a_decline_is_told_for_each_payment_with_what_is_known_of_it(
    error: dict[str, str], why: str, code: str
) -> None:
    order = place_order()
    for payment in ("pi_1", "pi_2", "pi_1"):
        names = {"order_reference": order.reference}
        apply({"id": payment, "object": "payment_intent", "metadata": names, "last_payment_error": error})
    told = order.timeline.filter(kind="payment_declined").values_list("details", flat=True)
    assert list(told) == [{"why": why, "payment": name, "charge": "", "code": code} for name in ("pi_1", "pi_2")]


def test_a_decline_of_an_order_that_is_not_here_is_nobodys() -> None:
    names = {"order_reference": "lost-with-the-disk"}
    lost = {"id": "pi_1", "object": "payment_intent", "metadata": names, "last_payment_error": {"message": "No."}}
    assert apply(lost) is None


@pytest.mark.parametrize("error", [None, {}, [], {"code": 7, "message": None, "charge": {"id": "ch_1"}}])
def test_a_decline_without_a_reason_stops_nothing(error: Any) -> None:
    order = place_order()
    intent = {"id": "pi_1", "object": "payment_intent", "metadata": {"order_reference": order.reference}}
    apply(intent | {"last_payment_error": error})
    assert declines_of(order) == []


def test_a_fraud_warning_needs_attention_until_it_is_dealt_with(stripe: Paywright, admin_user: Any) -> None:
    payment = buy(stripe, card=WARNED_CARD)
    stripe.advance(10)
    reconcile("--repair")
    hear(stripe, payment.payment_intent_id, f"{WARNING}.created", f"{WARNING}.updated")
    [concern] = concerns(admin_user)
    assert texts(concern) == ("Payments that the card's issuer reports as fraud", 1)
    code, report = reconcile()
    [warning] = report["fraud_warnings"]
    assert (code, warning["order_number"]) == (0, payment.order.number)
    assert "reports fraud (made_with_stolen_card) about the payment of ₩11,000" in warning["problem"]
    client = Client()
    client.force_login(admin_user)
    page = client.get(concern.address, headers={"accept-language": "en"}).content.decode()
    assert "1 result" in page
    row = QuarantinedSnapshot.objects.get()
    page = client.get(f"/admin/jumun_payments/quarantinedsnapshot/{row.pk}/change/").content.decode()
    assert f"/payment/{payment.pk}/refund/?amount_minor=11000" in page
    row.resolve(by=admin_user)
    apply(json.loads(row.snapshot) | {"actionable": False})
    assert (concerns(admin_user), reconcile()[1]["fraud_warnings"]) == ([], [])


def test_a_warning_that_no_webhook_told_is_named_and_brought_in(stripe: Paywright, later: None) -> None:
    buy(stripe, card=WARNED_CARD)
    stripe.advance(10)
    reconcile("--repair")
    QuarantinedSnapshot.objects.all().delete()
    InboxEvent.objects.filter(type=f"{WARNING}.created").delete()
    assert ("fraud_warning", False) in kinds(reconcile()[1])
    assert not QuarantinedSnapshot.objects.exists()
    code, report = reconcile("--repair")
    assert (code, ("fraud_warning", True) in kinds(report)) == (0, True)
    assert len(report["fraud_warnings"]) == 1


def test_a_warning_about_an_unknown_payment_waits_for_that(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe, card=WARNED_CARD)
    [told] = stripe.events(f"{WARNING}.created")
    deliver(json.dumps(told).encode())
    work()
    work()
    order.refresh_from_db()
    assert order.state == "paid"
    assert QuarantinedSnapshot.objects.get().order == order


def test_a_warning_about_another_shops_payment_is_none_of_ours() -> None:
    paid_order()
    warning = {"id": "issfr_1", "object": WARNING, "livemode": False, "charge": "ch_other", "payment_intent": None}
    assert apply(warning) is None
    assert not QuarantinedSnapshot.objects.exists()


def test_a_returned_payout_needs_attention_until_it_is_dealt_with(admin_user: Any, client: Client) -> None:
    returned = payout_of(status="failed", failure_message="The account is closed.")
    apply(returned | {"balance_transactions": movements()})
    assert json.loads(QuarantinedSnapshot.objects.get().snapshot) == returned
    [concern] = concerns(admin_user)
    assert texts(concern) == ("Payouts that the bank returned", 1)
    client.force_login(admin_user)
    row = QuarantinedSnapshot.objects.get()
    page = client.get(f"/admin/jumun_payments/quarantinedsnapshot/{row.pk}/change/", headers={"accept-language": "en"})
    assert "Correct the bank account" in page.content.decode()
    assert "What was expected" not in page.content.decode()
    row.resolve(by=admin_user)
    apply(returned)
    assert concerns(admin_user) == []


def test_sales_without_our_reference_are_listed_apart_with_their_money(stripe: Paywright) -> None:
    buy(stripe)
    line = {"quantity": 1, "price_data": {"currency": "krw", "unit_amount": 9000, "product_data": {"name": "old"}}}
    params = {"mode": "payment", "success_url": "http://x.example/", "line_items": [line]}
    stripe.pay(gateway.create_session(params, idempotency_key="link")["id"])
    stripe.advance(10)
    for options in ((), ("--repair",), ()):
        report = reconcile(*options)[1]
        [sale] = report["not_ours"]["sales"]
        assert (report["not_ours"]["count"], report["not_ours"]["amounts"]) == (1, {"KRW": 9_000})
        assert sale["problem"] == "₩9,000 for no order of this shop"
    assert report["balance"]["KRW"]["captured_minor"] == 11_000
    assert report["balance_not_ours"]["KRW"]["captured_minor"] == 9_000


def test_money_for_orders_that_are_not_here_is_counted(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    Order.objects.filter(pk=order.pk).update(reference="another-reference-of-22-characters")
    code, report = reconcile()
    assert (code, report["money_without_order"]) == (1, {"count": 1, "amounts": {"KRW": 11_000}})
    [row] = [row for row in report["differences"] if row["kind"] == "paid_without_order"]
    assert row["order_number"] == order.number
    assert row["problem"].startswith("₩11,000 at Stripe (pi_")
    assert order.reference not in json.dumps(report)
    assert row["advice"]
    assert not QuarantinedSnapshot.objects.exists()


def test_a_payment_whose_session_is_older_than_the_window_is_found_by_its_charge(stripe: Paywright) -> None:
    order = place_order()
    open_checkout(order, **URLS)
    since = (timezone.now() + timedelta(minutes=10)).isoformat()
    stripe.advance("20m")
    stripe.pay(session_id(order))
    assert "payment_missing" in {kind for kind, _repaired in kinds(reconcile("--since", since)[1])}
    reconcile("--repair", "--since", since)
    order.refresh_from_db()
    assert order.state == "paid"


def test_a_listing_that_is_older_than_our_row_does_not_put_it_back(stripe: Paywright) -> None:
    payment = buy(stripe, card=FAILING_REFUND_CARD)
    made = stripe.refund(payment.payment_intent_id, amount=1_000)
    listed = gateway.retrieve_refund(made["id"])
    stripe.advance(10)
    hear(stripe, payment.payment_intent_id, "refund.failed")
    assert (listed["status"], payment.refunds.get().status) == ("succeeded", "failed")
    assert "refund_differs" not in {found.kind for found in Comparison(repair=True).of(listed)}
    assert payment.refunds.get().status == "failed"


def test_a_row_that_is_put_back_is_told_on_the_timeline(stripe: Paywright) -> None:
    payment = buy(stripe)
    made = stripe.refund(payment.payment_intent_id, amount=1_000)
    reconcile("--repair")
    payment.refunds.update(status="failed")
    reconcile("--repair")
    with translation.override("en"):
        told = [entry.what for entry in timeline_of(payment.order)]
    assert f"{made['id']} was failed here and is succeeded at Stripe: our record was corrected." in told


def test_a_row_that_moves_on_while_stripe_is_asked_is_not_put_back(
    stripe: Paywright, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = buy(stripe, card=FAILING_REFUND_CARD)
    made = stripe.refund(payment.payment_intent_id, amount=1_000)
    reconcile("--repair")
    payment.refunds.update(status="canceled")
    listed = gateway.retrieve_refund(made["id"])

    def fetched(raw: dict[str, Any]) -> dict[str, Any]:
        """Stripe's answer, which a webhook overtakes."""
        stripe.advance(10)
        hear(stripe, payment.payment_intent_id, "refund.failed")
        return raw

    monkeypatch.setattr("jumun.payments.reconcile.compare.fetched", fetched)
    assert [found.kind for found in Comparison(repair=True).of(listed)] == []
    assert payment.refunds.get().status == "failed"
