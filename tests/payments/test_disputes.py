"""The buyer's bank asks the money back: what Stripe tells of it ends in our books, in whatever order it comes."""

import itertools
from typing import Any

import pytest

from jumun.errors import PaymentDisputed
from jumun.orders.models import Order
from jumun.orders.signals import order_disputed
from jumun.payments.merge import apply
from jumun.payments.models import BalanceTransaction, Dispute, Payment, QuarantinedSnapshot, Refund
from jumun.payments.refunds.refund import refund
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import paid_order
from tests.payments.disputing import (
    DISPUTED_CARD,
    DISPUTED_TWICE_CARD,
    ESCALATING,
    INQUIRED_CARD,
    LOSING,
    WINNING,
    answer,
    dispute_of,
    movement,
)
from tests.payments.paying import buy, hear, pay_unnoticed
from tests.payments.test_checkout import session_id

pytestmark = pytest.mark.django_db

ALL = tuple(
    f"charge.dispute.{kind}" for kind in ("created", "updated", "funds_withdrawn", "funds_reinstated", "closed")
)


@pytest.fixture
def payment() -> Payment:
    return paid_order().payments.get()


def moved(dispute: Dispute) -> int:
    rows = BalanceTransaction.objects.filter(source_id=dispute.dispute_id)
    return sum(rows.values_list("amount_minor", flat=True))


def test_a_disputed_payment_is_known_with_what_was_withdrawn(stripe: Paywright) -> None:
    payment = buy(stripe, card=DISPUTED_CARD)
    hear(stripe, payment.payment_intent_id, *ALL)
    dispute = payment.disputes.get()
    assert (dispute.status, dispute.reason, dispute.amount_minor) == ("needs_response", "fraudulent", 11_000)
    assert dispute.needs_answer
    assert dispute.due_at is not None
    assert moved(dispute) == -11_000
    assert BalanceTransaction.objects.get(source_id=dispute.dispute_id).fee_minor == 1_500


@pytest.mark.parametrize(("evidence", "status", "left"), [(WINNING, "won", 0), (LOSING, "lost", -11_000)])
def test_a_dispute_ends_and_the_money_with_it(stripe: Paywright, evidence: str, status: str, left: int) -> None:
    payment = buy(stripe, card=DISPUTED_CARD)
    hear(stripe, payment.payment_intent_id, *ALL)
    answer(stripe, payment.disputes.get().dispute_id, evidence)
    hear(stripe, payment.payment_intent_id, *ALL)
    dispute = payment.disputes.get()
    assert (dispute.status, dispute.is_open, moved(dispute)) == (status, False, left)


def test_an_inquiry_takes_nothing_until_it_becomes_a_chargeback(stripe: Paywright) -> None:
    payment = buy(stripe, card=INQUIRED_CARD)
    hear(stripe, payment.payment_intent_id, *ALL)
    inquiry = payment.disputes.get()
    assert (inquiry.blocks_refunds, moved(inquiry)) == (False, 0)
    answer(stripe, inquiry.dispute_id, ESCALATING)
    hear(stripe, payment.payment_intent_id, *ALL)
    dispute = payment.disputes.get()
    assert (dispute.status, dispute.blocks_refunds, moved(dispute)) == ("needs_response", True, -11_000)


def test_several_disputes_of_one_payment_are_told_apart(stripe: Paywright) -> None:
    payment = buy(stripe, card=DISPUTED_TWICE_CARD)
    hear(stripe, payment.payment_intent_id, *ALL)
    assert sorted(payment.disputes.values_list("amount_minor", flat=True)) == [5_500, 5_500]


def test_a_dispute_that_comes_before_its_payment_asks_stripe_whose_it_is(stripe: Paywright) -> None:
    order = pay_unnoticed(stripe, card=DISPUTED_CARD)
    intent_id = gateway.retrieve_session(session_id(order))["payment_intent"]["id"]
    hear(stripe, intent_id, "charge.dispute.created")
    assert Dispute.objects.get().payment.order == order
    order.refresh_from_db()
    assert order.state == "placed"
    apply(gateway.retrieve_session(session_id(order)))
    order.refresh_from_db()
    assert (order.state, order.payments.count()) == ("paid", 1)


def course_of(payment: Payment) -> list[dict[str, Any]]:
    """From an inquiry to a dispute that was lost and, after all, won."""
    amount = payment.amount_minor
    withdrawn = movement("txn_1", -amount, source="du_1", category="dispute", fee=1500)
    reinstated = movement("txn_2", amount, source="du_1", category="dispute_reversal")
    inquiry = {"is_charge_refundable": True, "evidence_details": {"due_by": 1_750_000_000}}
    told: list[dict[str, Any]] = [
        {"status": "warning_needs_response", "balance_transactions": [], **inquiry},
        {"status": "warning_under_review", "balance_transactions": [], **inquiry},
        {"status": "needs_response", "balance_transactions": [withdrawn]},
        {"status": "under_review", "balance_transactions": [withdrawn]},
        {"status": "lost", "balance_transactions": [withdrawn]},
        {"status": "won", "balance_transactions": [withdrawn, reinstated]},
    ]
    return [dispute_of(payment, **changes) for changes in told]


def books(payment: Payment) -> tuple[Any, ...]:
    dispute = Dispute.objects.values("status", "due_at", "is_charge_refundable", "amount_minor", "transaction_count")
    return dispute.get(payment=payment), moved(payment.disputes.get())


def test_any_order_of_its_snapshots_ends_the_same(payment: Payment) -> None:
    course, ends = course_of(payment), []
    # Two dozen of them, among which each snapshot comes first and last.
    for arrival in itertools.islice(itertools.permutations(course), 0, None, 31):
        Dispute.objects.all().delete()
        BalanceTransaction.objects.all().delete()
        for snapshot in (*arrival, arrival[0]):
            apply(snapshot)
        ends.append(books(payment))
    assert ends[0][0]["status"] == "won"
    assert ends[0][1] == 0
    assert all(end == ends[0] for end in ends)


def test_a_status_that_we_do_not_know_counts_as_open(payment: Payment) -> None:
    apply(dispute_of(payment, status="arbitration"))
    dispute = Dispute.objects.get()
    assert dispute.is_open
    assert dispute.get_status_display() == "arbitration"
    apply(dispute_of(payment, status="lost"))
    assert not Dispute.objects.get().is_open


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"amount": 0}, "amount"), ({"currency": "usd"}, "currency"), ({"livemode": True}, "livemode")],
)
def test_what_cannot_be_a_dispute_of_the_payment_is_quarantined(
    payment: Payment, change: dict[str, Any], reason: str
) -> None:
    apply(dispute_of(payment, **change))
    assert not Dispute.objects.exists()
    assert not BalanceTransaction.objects.exists()
    assert QuarantinedSnapshot.objects.get().reason == reason


def test_a_bank_may_ask_for_more_than_was_paid(payment: Payment) -> None:
    apply(dispute_of(payment, amount=payment.amount_minor + 1, balance_transactions=[]))
    dispute = Dispute.objects.get()
    assert (dispute.amount_minor, dispute.needs_answer, payment.refundable_minor) == (11_001, True, 0)
    assert not QuarantinedSnapshot.objects.exists()


def test_a_dispute_cannot_wander_to_another_payment(payment: Payment) -> None:
    other = paid_order().payments.get()
    apply(dispute_of(payment))
    apply(dispute_of(other))
    assert Dispute.objects.get().payment == payment
    assert QuarantinedSnapshot.objects.get().reason == "foreign_payment"


def test_disputes_of_another_shop_are_left_alone(payment: Payment) -> None:
    intent = {"id": "pi_theirs", "object": "payment_intent", "metadata": {}, "livemode": False}
    theirs = intent | {"amount": 1_000, "currency": "krw"}
    for of_another in (None, "pi_theirs", theirs):
        assert apply(dispute_of(payment, payment_intent=of_another)) is None
    assert not Dispute.objects.exists()
    assert not QuarantinedSnapshot.objects.exists()


def test_the_rest_of_the_shop_is_told_once(payment: Payment) -> None:
    told: list[Order] = []

    def listen(order: Order, **_: Any) -> None:
        assert order.payments.get().disputes.exists()
        told.append(order)

    order_disputed.connect(listen)
    try:
        for snapshot in course_of(payment):
            apply(snapshot)
    finally:
        order_disputed.disconnect(listen)
    assert told == [payment.order]


def test_the_timeline_tells_what_became_of_it(payment: Payment) -> None:
    for snapshot in (*course_of(payment), course_of(payment)[0]):
        apply(snapshot)
    kinds = payment.order.timeline.filter(kind__startswith="dispute").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [
        *("dispute_opened", "dispute_funds_withdrawn", "dispute_lost"),
        *("dispute_won", "dispute_funds_reinstated"),
    ]


def test_a_shop_that_cannot_take_it_rolls_the_dispute_back(payment: Payment) -> None:
    def refuse(order: Order, **_: Any) -> None:
        raise RuntimeError(order.number)

    order_disputed.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            apply(dispute_of(payment))
    finally:
        order_disputed.disconnect(refuse)
    assert not Dispute.objects.exists()


def test_a_disputed_payment_is_not_refunded(stripe: Paywright) -> None:
    payment = buy(stripe, card=DISPUTED_CARD)
    hear(stripe, payment.payment_intent_id, *ALL)
    with pytest.raises(PaymentDisputed) as refused:
        refund(payment, amount_minor=1_000, reason="", by=None)
    assert refused.value.dispute_id == payment.disputes.get().dispute_id
    assert not Refund.objects.exists()


def test_a_dispute_that_only_stripe_knows_of_refuses_the_refund_by_the_same_name(stripe: Paywright) -> None:
    payment = buy(stripe, card=DISPUTED_CARD)
    with pytest.raises(PaymentDisputed, match="charged back"):
        refund(payment, amount_minor=1_000, reason="", by=None)
    assert Refund.objects.get().status == "refused"


def test_an_inquiry_may_still_be_settled_by_a_refund(stripe: Paywright) -> None:
    payment = buy(stripe, card=INQUIRED_CARD)
    hear(stripe, payment.payment_intent_id, *ALL)
    assert refund(payment, amount_minor=1_000, reason="", by=None).status == "succeeded"


def test_after_a_dispute_was_won_the_payment_can_be_refunded(stripe: Paywright) -> None:
    payment = buy(stripe, card=DISPUTED_CARD)
    hear(stripe, payment.payment_intent_id, *ALL)
    answer(stripe, payment.disputes.get().dispute_id, WINNING)
    hear(stripe, payment.payment_intent_id, *ALL)
    assert payment.refundable_minor == 11_000
    assert refund(payment, amount_minor=1_000, reason="", by=None).status == "succeeded"
