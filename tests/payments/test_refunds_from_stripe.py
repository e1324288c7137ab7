"""Refunds that were made in Stripe's dashboard, and those of which we hear before the payment itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from jumun.audit import findings
from jumun.errors import MalformedSnapshot
from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.orders.signals import order_refunded
from jumun.payments.merge import apply
from jumun.payments.models import Payment, QuarantinedSnapshot, Refund
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.examples import some
from tests.factories import place_order
from tests.payments.paying import buy, hear, pay_unnoticed, session_id
from tests.payments.reconciling import reconcile
from tests.payments.stripe_says import charge_of, refund_of, session_of

pytestmark = pytest.mark.django_db


def expanded(order: Order, intent_id: str, **changes: Any) -> dict[str, Any]:
    names = {"order_reference": order.reference}
    amount = {"amount": order.total_minor, "currency": order.currency.lower(), "livemode": False}
    return {"id": intent_id, "object": "payment_intent", "metadata": names} | amount | changes


def test_a_refund_made_in_the_dashboard_is_booked_like_ours(stripe: Paywright) -> None:
    payment = buy(stripe)
    made = stripe.refund(payment.payment_intent_id, amount=2_500, reason="duplicate")
    hear(stripe, payment.payment_intent_id, "refund.created", "charge.refunded")
    booked = Refund.objects.get()
    assert (booked.refund_id, booked.amount_minor, booked.status) == (made["id"], 2_500, "succeeded")
    assert (booked.reason, booked.by) == ("duplicate", None)
    assert CreditNote.objects.get().amount_minor == 2_500


def test_the_charge_alone_suffices_where_the_refunds_own_event_was_lost(stripe: Paywright) -> None:
    payment = buy(stripe)
    stripe.refund(payment.payment_intent_id, amount=2_500)
    hear(stripe, payment.payment_intent_id, "charge.refunded")
    assert Refund.objects.get().amount_minor == 2_500


def test_a_refund_that_comes_before_its_payment_asks_stripe_whose_it_is(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe)
    intent_id = gateway.retrieve_session(session_id(order))["payment_intent"]["id"]
    stripe.refund(intent_id, amount=2_500)
    hear(stripe, intent_id, "refund.created")
    assert (Refund.objects.get().status, CreditNote.objects.count()) == ("succeeded", 0)
    apply(gateway.retrieve_session(session_id(order)))
    assert CreditNote.objects.get().invoice.order == order
    assert list(findings()) == []


def test_a_refund_that_no_webhook_told_of_is_found_by_reconciling(settings: Any) -> None:
    with Paywright() as stripe:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = stripe.secret_key, stripe.api_base
        payment = buy(stripe)
        stripe.refund(payment.payment_intent_id, amount=2_500)
        code, report = reconcile()
        [missing] = [row for row in report["differences"] if row["kind"] == "refund_missing"]
        assert code == 1
        assert missing["problem"].startswith(
            "not here; at Stripe: status succeeded, amount ₩2,500. With it: credit note"
        )
        assert reconcile("--repair")[0] == 0
        assert CreditNote.objects.get().amount_minor == 2_500
        assert reconcile()[0] == 0


def test_another_shops_refund_is_left_alone() -> None:
    order = place_order()
    assert apply(refund_of(order, "pi_other", 1)) is None
    assert apply(refund_of(order, "pi_other", 1, payment_intent={"id": "pi_other", "metadata": {}} | BARE)) is None
    assert not QuarantinedSnapshot.objects.exists()
    assert not Refund.objects.exists()


BARE = {"object": "payment_intent", "amount": 1, "currency": "krw", "livemode": False}


def test_a_refund_that_claims_an_order_without_its_payment_is_quarantined() -> None:
    order = place_order()
    apply(refund_of(order, "pi_other", 1, metadata={"order_reference": order.reference}))
    assert QuarantinedSnapshot.objects.get().reason == "unknown_payment"
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"currency": "usd"}, "currency"), ({"amount": 0}, "amount"), ({"amount": 11_001}, "amount")],
)
def test_a_refund_that_does_not_match_its_payment_is_quarantined(change: dict[str, Any], reason: str) -> None:
    order = place_order()
    session = session_of(order)
    apply(session)
    apply(refund_of(order, session["payment_intent"]["id"], 1, **change))
    assert QuarantinedSnapshot.objects.get().reason == reason
    assert not Refund.objects.exists()


@pytest.mark.parametrize("change", [{"status": 5}, {"amount": "much"}, {"currency": None}, {"id": 5}])
def test_a_refund_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedSnapshot):
        apply(refund_of(place_order(), "pi_1", 1, **change))


def test_the_signal_is_sent_once() -> None:
    order = place_order()
    session = session_of(order)
    heard: list[Order] = []

    def hear_it(*, order: Order, **_: Any) -> None:
        heard.append(order)

    order_refunded.connect(hear_it)
    try:
        snapshot = refund_of(order, session["payment_intent"]["id"], 1)
        for raw in (session, snapshot, snapshot, session):
            apply(raw)
    finally:
        order_refunded.disconnect(hear_it)
    assert heard == [order]


def story_of(order: Order) -> list[dict[str, Any]]:
    """Paid, refunded in two parts, the second of which is under way for a while, and a third that fails."""
    paid = session_of(order)
    intent_id = paid["payment_intent"]["id"]
    whole = expanded(order, intent_id)
    second = refund_of(order, intent_id, 2, payment_intent=whole)
    third = refund_of(order, intent_id, 3, payment_intent=whole)
    return [
        paid | {"status": "open", "payment_status": "unpaid", "payment_intent": None},
        paid,
        charge_of(order, intent_id),
        refund_of(order, intent_id, 1, payment_intent=whole),
        second | {"status": "pending"},
        second,
        third | {"status": "requires_action"},
        third | {"status": "failed", "failure_reason": "declined"},
    ]


def end_of(arrival: list[int]) -> tuple[Any, ...]:
    order = place_order(language="en")
    story = story_of(order)
    for index in arrival:
        apply(story[index])
    order.refresh_from_db()
    payment = Payment.objects.get(order=order)
    refunds = sorted((row.amount_minor, row.status, row.booked_at is None) for row in payment.refunds.all())
    notes = [note.document for note in CreditNote.objects.filter(invoice__order=order)]
    told = (len(notes), sum(note.total_minor for note in notes), sum(note.tax_minor for note in notes))
    flagged = list(order.quarantined.values_list("reason", flat=True))
    return order.state, payment.status, payment.refundable_minor, refunds, told, flagged


class AnyOrderOfArrival(TestCase):
    """Whatever comes first, twice or late, also before the payment's own story, the books end the same."""

    @some
    @given(
        arrival=st.lists(st.sampled_from(range(8)), max_size=6).flatmap(
            lambda repeated: st.permutations([*range(8), *repeated])
        )
    )
    def test_the_books_end_the_same(self, arrival: list[int]) -> None:
        refunds = [(1_000, "succeeded", False), (2_000, "succeeded", False), (3_000, "failed", True)]
        assert end_of(arrival) == ("paid", "paid", 8_000, refunds, (2, -3_000, -273), ["refund_failed"])
