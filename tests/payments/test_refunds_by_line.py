"""Pieces of an order come back: their price is refunded, and they go back on the shelf if staff say so."""

import uuid
from typing import Any

import pytest
from django.test import Client

from jumun.audit import findings
from jumun.errors import NotRefundable, RefundExceedsOrdered
from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import Payment, Refund
from jumun.payments.refunds.lines import left_of
from jumun.payments.refunds.refund import refund
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import item, refund_snapshot
from tests.payments.paying import FAILING_REFUND_CARD, PENDING_REFUND_CARD, hear, pay_unnoticed
from tests.payments.test_checkout import URLS, session_id
from tests.races import at_once
from tests.storefront import shop

pytestmark = pytest.mark.django_db


def buy(stripe: Paywright, *, card: str | None = None) -> Payment:
    """Three cups at 5,500 won and a book at 17,000 that bears no tax."""
    lines = [item(sku="CUP", quantity=3), item(sku="BOOK", unit_price_minor=17_000, quantity=1, tax_rate_ppm=0)]
    order = pay_unnoticed(stripe, card=card, lines=lines)
    apply(gateway.retrieve_session(session_id(order)))
    return order.payments.get()


def make_refund(payment: Payment, lines: dict[int, int], **values: Any) -> Refund:
    return refund(payment, lines=lines, **{"reason": "", "by": None} | values)


def test_pieces_cost_what_they_were_bought_for(stripe: Paywright) -> None:
    payment = buy(stripe)
    assert make_refund(payment, {1: 2}).amount_minor == 11_000
    assert make_refund(payment, {1: 1, 2: 1}).amount_minor == 22_500
    first, second = [note.document for note in CreditNote.objects.order_by("pk")]
    assert [(line.quantity, line.total_minor) for line in first.lines] == [(-2, -11_000)]
    assert [(line.quantity, line.total_minor) for line in second.lines] == [(-1, -5_500), (-1, -17_000)]
    assert payment.refundable_minor == 0
    assert list(findings()) == []


def test_no_more_pieces_come_back_than_were_bought(stripe: Paywright) -> None:
    payment = buy(stripe)
    make_refund(payment, {1: 2})
    with pytest.raises(RefundExceedsOrdered) as refusal:
        make_refund(payment, {1: 2})
    assert refusal.value.left_quantity == 1
    for wrong in ({1: -1}, {3: 1}, {}, {1: 0}):
        with pytest.raises(NotRefundable):
            make_refund(payment, wrong)
    assert Refund.objects.count() == 1


def test_pieces_of_a_refund_that_is_under_way_are_taken(stripe: Paywright) -> None:
    payment = buy(stripe, card=PENDING_REFUND_CARD)
    make_refund(payment, {2: 1})
    with pytest.raises(RefundExceedsOrdered):
        make_refund(payment, {2: 1})


def test_what_was_refunded_by_amount_is_not_refunded_again_by_piece(stripe: Paywright) -> None:
    payment = buy(stripe)
    refund(payment, amount_minor=16_750, reason="", by=None)
    assert make_refund(payment, {1: 3, 2: 1}).amount_minor == 16_750
    assert list(findings()) == []


def test_a_refund_that_fails_gives_its_pieces_back_to_the_order(stripe: Paywright) -> None:
    payment = buy(stripe, card=FAILING_REFUND_CARD)
    make_refund(payment, {1: 3})
    assert CreditNote.credited_minor(payment.order.invoice) == 16_500
    stripe.advance("10s")
    hear(stripe, payment.payment_intent_id, "refund.failed", "refund.updated")
    assert (payment.refundable_minor, left_of(payment)[0].quantity) == (33_500, 3)
    assert CreditNote.credited_minor(payment.order.invoice) == 0
    assert list(findings()) == []


def test_the_refund_that_replaces_a_failed_one_may_be_heard_of_first(stripe: Paywright) -> None:
    payment = buy(stripe)
    failed, replaced = (refund_snapshot(payment, 33_500) for _ in range(2))
    for snapshot in (failed, replaced, failed | {"status": "failed"}):
        apply(snapshot)
    assert CreditNote.objects.standing().get().refund_id == replaced["id"]
    assert list(findings()) == []


def test_the_same_press_refunds_the_same_pieces_once(stripe: Paywright) -> None:
    payment, key = buy(stripe), str(uuid.uuid4())
    assert make_refund(payment, {1: 1}, key=key) == make_refund(payment, {1: 1}, key=key)
    with pytest.raises(NotRefundable):
        make_refund(payment, {1: 2}, key=key)
    assert [found["amount"] for found in gateway.refunds_of(payment.payment_intent_id)] == [5_500]


def test_a_refund_is_of_an_amount_or_of_lines() -> None:
    with pytest.raises(TypeError):
        refund(Payment(), reason="", by=None)
    with pytest.raises(TypeError):
        refund(Payment(), amount_minor=1, lines={1: 1}, reason="", by=None)


@pytest.mark.django_db(transaction=True)
def test_twenty_staff_who_refund_the_last_piece_refund_it_once(stripe: Paywright) -> None:
    payment = buy(stripe)

    def press(_index: int) -> str:
        try:
            return make_refund(payment, {2: 1}).status
        except RefundExceedsOrdered:
            return "exceeds"

    assert sorted(at_once(20, press)) == ["exceeds"] * 19 + ["succeeded"]
    assert [found["amount"] for found in gateway.refunds_of(payment.payment_intent_id)] == [17_000]


def bought_in_the_shop(stripe: Paywright, *, card: str | None = None) -> tuple[Any, Payment]:
    tea = shop.product(stock_quantity=10)
    order = shop.buy(Client(), tea, 4)
    open_checkout(order, **URLS)
    stripe.pay(session_id(order), card=card)
    apply(gateway.retrieve_session(session_id(order)))
    return tea, Order.objects.get(pk=order.pk).payments.get()


def test_what_staff_put_back_can_be_bought_again(stripe: Paywright) -> None:
    tea, payment = bought_in_the_shop(stripe)
    make_refund(payment, {1: 3}, restock={1: 2})
    assert shop.counts(tea) == (2, 0, 8)
    with pytest.raises(RefundExceedsOrdered):
        refund(payment, amount_minor=1, restock={1: 3}, reason="", by=None)
    refund(payment, amount_minor=1, restock={1: 2}, reason="", by=None)
    assert shop.counts(tea) == (0, 0, 10)
    assert list(findings()) == []


def test_without_being_told_nothing_goes_back_on_the_shelf(stripe: Paywright) -> None:
    tea, payment = bought_in_the_shop(stripe)
    make_refund(payment, {1: 4})
    assert shop.counts(tea) == (4, 0, 6)


def test_goods_are_put_back_when_the_money_has_gone_and_once(stripe: Paywright) -> None:
    tea, payment = bought_in_the_shop(stripe, card=PENDING_REFUND_CARD)
    make_refund(payment, {1: 4}, restock={1: 4})
    assert shop.counts(tea) == (4, 0, 6)
    stripe.advance("10s")
    for _ in range(2):
        hear(stripe, payment.payment_intent_id, "refund.created", "refund.updated", "charge.refund.updated")
    assert shop.counts(tea) == (0, 0, 10)


def test_an_article_that_was_renumbered_is_put_back_all_the_same(stripe: Paywright) -> None:
    tea, payment = bought_in_the_shop(stripe)
    type(tea).objects.filter(pk=tea.pk).update(sku="ANOTHER")
    make_refund(payment, {1: 1}, restock={1: 1})
    assert shop.counts(tea) == (3, 0, 7)
