"""32 buyers want the last 10 pieces, some of whom come late: nobody is charged without goods or a refund."""

from contextlib import suppress

import pytest
from django.test import Client

from jumun.audit import findings
from jumun.errors import StripeUnavailable
from jumun.invoices.models import Invoice
from jumun.orders.models import Order
from jumun.outbox.worker import drain
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.payments.paying import URLS, refunds_at_stripe, session_id
from tests.races import at_once
from tests.storefront.shop import buy, checkout, counts, form_token, product, put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

BUYERS, LATE, PIECES = 32, 6, 10


def pay_at_stripe(stripe: Paywright, session: str) -> None:
    with suppress(AssertionError):  # closed meanwhile
        stripe.pay(session)


def press_pay(client: Client) -> None:
    """Again, as the page says, while too many others wait for Stripe."""
    for _ in range(50):
        if client.post("/payment/process/").status_code == 303:
            return


def test_exactly_the_last_ten_are_sold(stripe: Paywright) -> None:
    tea = product(stock_quantity=PIECES)
    late = [buy(Client(), tea) for _ in range(LATE)]
    for order in late:
        open_checkout(order, **URLS)
        # Ended while Stripe's page stays open, as after a crash or a switch thrown by hand.
        order.expire()
    clients = [Client() for _ in range(BUYERS)]
    for client in clients:
        put(client, tea)
    tokens = [form_token(client) for client in clients]

    def come(index: int) -> None:
        if index >= BUYERS:
            session = session_id(late[index - BUYERS])
            pay_at_stripe(stripe, session)
            Client().get("/payment/completed/", {"session_id": session})
        elif checkout(clients[index], form_token=tokens[index]).status_code == 303:
            press_pay(clients[index])
            reference = clients[index].session["jumun_order"]
            if opened := Checkout.objects.filter(order__reference=reference, state="open").first():
                pay_at_stripe(stripe, str(opened.session_id))
                clients[index].get("/payment/completed/", {"session_id": opened.session_id})

    at_once(BUYERS + LATE, come)
    # Whatever Stripe did not answer in the crowd is heard of now, and the worker does its part.
    for opened in Checkout.objects.exclude(session_id=None):
        with suppress(StripeUnavailable):
            apply(gateway.retrieve_session(str(opened.session_id)))
    drain()
    paid = Order.objects.filter(state="paid").count()
    waiting = Order.objects.filter(state="placed").count()
    assert counts(tea) == (paid, waiting, PIECES - paid - waiting)
    assert paid + waiting <= PIECES
    assert Invoice.objects.count() == paid
    for payment in Payment.objects.filter(status="paid").select_related("order"):
        given_back = sum(refunds_at_stripe(payment))
        assert given_back == (0 if payment.settles_order else payment.amount_minor)
    assert paid == PIECES, "all were wanted, and all who waited have paid"
    assert list(findings()) == []
