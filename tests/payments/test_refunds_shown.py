"""What the customer sees of a refund on the order's page."""

from typing import Any

import pytest
from django.test import Client

from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.payments.merge import apply
from tests.factories import paid_order, place_order
from tests.payments.stripe_says import refund_of

pytestmark = pytest.mark.django_db


def refunded(order: Order, **changes: Any) -> Order:
    apply(refund_of(order, order.payments.get().payment_intent_id, 3, **changes))
    return order


def page_of(order: Order) -> str:
    return Client(headers={"accept-language": "en"}).get(order.get_customer_url()).content.decode()


def test_the_refund_and_its_credit_note_are_on_the_orders_page() -> None:
    order = refunded(paid_order())
    note = CreditNote.objects.get()
    page = page_of(order)
    assert "Refunded" in page
    assert "₩3,000" in page
    assert f"/orders/{order.reference}/credit-notes/{note.number}.pdf" in page
    paper = Client().get(note.get_customer_url())
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert paper.content == Client().get(note.get_customer_url()).content


def test_a_refund_on_its_way_is_told_and_a_failed_one_is_not() -> None:
    assert "Refund on its way" in page_of(refunded(paid_order(), status="pending"))
    assert "Refund" not in page_of(refunded(paid_order(), status="failed"))
    assert "Refund" not in page_of(paid_order())


def test_a_credit_note_is_only_shown_to_whoever_knows_its_order() -> None:
    refunded(paid_order())
    note = CreditNote.objects.get()
    other = place_order()
    assert Client().get(f"/orders/{other.reference}/credit-notes/{note.number}.pdf").status_code == 404
