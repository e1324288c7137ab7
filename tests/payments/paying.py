"""An order paid at the sandbox, by whatever card, and what Stripe has to say of it since."""

import json
from io import StringIO
from typing import Any

from django.core.management import call_command

from jumun.orders.models import Order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import Payment
from jumun.payments.stripe import gateway
from paywright.testing import Paywright
from tests.factories import item, place_order
from tests.payments.stripe_says import deliver

URLS = {
    "success_url": "http://testserver/payment/completed/?session_id={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://testserver/payment/canceled/",
}
PENDING_REFUND_CARD = "4000000000007726"
FAILING_REFUND_CARD = "4000000000005126"


def buy(stripe: Paywright, *, card: str | None = None, price_minor: int = 5500, **values: Any) -> Payment:
    """The payment of an order of 2 things at that price, known here."""
    order = pay_unnoticed(stripe, card=card, lines=[item(unit_price_minor=price_minor)], **values)
    apply(gateway.retrieve_session(session_id(order)))
    return order.payments.get()


def pay_unnoticed(stripe: Paywright, *, card: str | None = None, **values: Any) -> Order:
    """An order that is paid at Stripe, and nobody has told us."""
    order = place_order(**values)
    open_checkout(order, **URLS)
    stripe.pay(session_id(order), card=card)
    return order


def session_id(order: Order) -> str:
    return str(order.checkouts.latest("pk").session_id)


def hear(stripe: Paywright, payment_intent_id: str, *kinds: str) -> None:
    """Deliver the payment's events of those types, oldest first, and let the worker process them."""
    for event in stripe.events():
        if event["type"] in kinds and payment_intent_id in json.dumps(event):
            assert deliver(json.dumps(event).encode()).status_code == 200
    work()


def refunds_at_stripe(payment: Payment) -> list[int]:
    """The amounts that Stripe refunded of the payment."""
    return [found["amount"] for found in gateway.refunds_of(payment.payment_intent_id)]


def work() -> None:
    call_command("work", "--once", stdout=StringIO())
