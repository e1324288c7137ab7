"""What other shops on the same Stripe account do, whatever shape it has, changes nothing here."""

from typing import Any

import pytest

from jumun.payments.merge import apply
from jumun.payments.models import Payment, QuarantinedSnapshot
from tests.factories import paid_order, place_order
from tests.payments.stripe_says import charge_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "raw",
    [
        {"object": "customer", "id": "cus_1"},
        {},
        {"object": "charge", "metadata": {}},
        {"object": "charge", "amount": "much"},
        {"object": "checkout.session", "mode": "setup"},
        {"object": "checkout.session", "amount_total": None, "client_reference_id": "two words"},
    ],
)
def test_what_names_no_order_is_not_even_read(raw: dict[str, Any]) -> None:
    assert apply(raw) is None
    assert not QuarantinedSnapshot.objects.exists()


def test_a_charge_that_names_an_unknown_order_leaves_a_known_payment_alone() -> None:
    payment = paid_order().payments.get()
    lost = {"order_reference": "lost-with-the-disk"}
    assert apply(charge_of(payment.order, payment.payment_intent_id, id="ch_x", metadata=lost)) is None
    payment.refresh_from_db()
    assert payment.charge_id != "ch_x"


def test_a_charge_of_another_amount_is_not_booked_although_other_payments_are() -> None:
    paid_order()
    order = place_order()
    assert apply(charge_of(order, "pi_1", amount=1)) == order
    assert not order.payments.exists()
    assert Payment.objects.count() == 1
