"""Sending a customer to Stripe's page: one open session an order, and never two for one press of a button."""

from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override

from jumun import money
from jumun.conf import jumun, stripe_setting
from jumun.db.fast import find, find_all, insert
from jumun.email_addresses import to_ascii
from jumun.errors import OrderNotPayable
from jumun.orders.models import Order, OrderLine
from jumun.payments.check_reconciled import check_reconciled
from jumun.payments.checkout.close import close, create
from jumun.payments.keys import new_key
from jumun.payments.models import Checkout, Payment
from jumun.payments.stripe.metadata import names_of

# Stripe wants between 30 minutes and just under 24 hours, by its own clock; a minute of margin for ours.
SESSION_MIN = timedelta(minutes=31)
SESSION_MAX = timedelta(hours=23, minutes=59)
# Stripe no longer makes a session that ends sooner: an intention left over from when Stripe did not answer is void.
CREATE_MARGIN = timedelta(minutes=30)
# A session about to expire is replaced: the customer still has to find the card and type its number.
REUSE_MARGIN = timedelta(minutes=10)
# How long after it was placed an order is kept for sessions that are opened anew.
KEPT_MAX = timedelta(days=1)


def open_checkout(order: Order, *, success_url: str, cancel_url: str) -> str:
    """The address of Stripe's page where ``order`` is paid; an open session is used again.

    ``success_url`` holds ``{CHECKOUT_SESSION_ID}``, which Stripe fills in. Raises `OrderNotPayable` where the
    order is no longer waiting for payment, `StripeUnavailable` (safe to repeat) and `StripeRefused`. Must not
    run in a transaction.
    """
    check_reconciled(order)
    close_unusable(order)
    checkout = _intend(order, success_url=success_url, cancel_url=cancel_url)
    if checkout.state == Checkout.State.CREATING:
        create(checkout)
    if checkout.state != Checkout.State.OPEN:
        order.refresh_from_db()
        raise OrderNotPayable(f"{order.number} is {order.state}, its checkout {checkout.state}")
    return checkout.url


def close_unusable(order: Order) -> None:
    """Close what the order has open at Stripe, or may have, and can no longer be used; learn what became of it."""
    for checkout in _unfinished(order):
        if _is_unusable(checkout, order):
            close(checkout)


def _unfinished(order: Order) -> list[Checkout]:
    """What the order has open at Stripe, or may have: one at most."""
    found = find_all(Checkout, order_id=order.pk, state=Checkout.UNFINISHED)
    for checkout in found:
        checkout.order = order
    return found


def _is_unusable(checkout: Checkout, order: Order) -> bool:
    """It ends too soon, says what is no longer so, or is not where payments are made now."""
    opened = checkout.state == Checkout.State.OPEN
    if checkout.expires_at <= timezone.now() + (REUSE_MARGIN if opened else CREATE_MARGIN):
        return True
    email = to_ascii(order.email)
    is_corrected = checkout.params.get("customer_email", email) != email
    # Whoever changed from the sandbox to Stripe, or back, still has open sessions of the other.
    is_elsewhere = checkout.url.startswith(
        "https://checkout.stripe.com/" if stripe_setting("STRIPE_API_BASE") else "http://"
    )
    return is_corrected or (opened and is_elsewhere)


def _intend(order: Order, *, success_url: str, cancel_url: str) -> Checkout:
    """The order's unfinished checkout, or a new one written down before Stripe is asked."""
    with transaction.atomic():
        [order] = find_all(Order, id=order.pk, locked=True)
        if not order.is_payable or find(Payment, order_id=order.pk, status=Payment.Status.PROCESSING):
            raise OrderNotPayable(f"{order.number} is {order.state}")
        if unfinished := _unfinished(order):
            return unfinished[0]
        # The storefront holds goods for a shorter time before somebody begins to pay.
        order.keep_until(order.placed_at + timedelta(seconds=jumun().order_expires_s))
        checkout = Checkout(order=order, expires_at=_session_end(order))
        insert(checkout)
        # Nobody's session is closed while they type their card number, but pressing again and again ends somewhere.
        order.keep_until(min(checkout.expires_at, order.placed_at + KEPT_MAX))
        checkout.freeze(_params(checkout, success_url=success_url, cancel_url=cancel_url))
        return checkout


def _session_end(order: Order) -> datetime:
    now = timezone.now()
    return min(max(order.expires_at, now + SESSION_MIN), now + SESSION_MAX)


def _params(checkout: Checkout, *, success_url: str, cancel_url: str) -> dict[str, Any]:
    """The parameters of POST /v1/checkout/sessions.

    Our names for the order go onto the session and its PaymentIntent, since Stripe copies no metadata between them.
    """
    order = checkout.order
    lines = find_all(OrderLine, order_id=order.pk, order_by="position")
    names = {**names_of(order), checkout.NAMED_AS: new_key()}
    with override(order.language):
        description = gettext("Order %(number)s") % {"number": order.number}
    return {
        "mode": "payment",
        "line_items": _line_items(lines, order.currency),
        "client_reference_id": order.reference,
        "customer_email": to_ascii(order.email),
        "metadata": names,
        "payment_intent_data": {"metadata": names, "description": description},
        "locale": order.language if order.language in {"ko", "en"} else "auto",
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int(checkout.expires_at.timestamp()),
    }


def _line_items(lines: list[OrderLine], currency: str) -> list[dict[str, Any]]:
    """The lines as Stripe's page shows them.

    Stripe charges no third decimal but 0. Each sum of the lines so far is rounded, so that together they are the
    order's total: a line is at most 0.009 off, and one that ends in 0 is exact.
    """
    sums = [money.round_to_charge(sum_minor, currency) for sum_minor in accumulate(line.total_minor for line in lines)]
    charges = [after - before for before, after in pairwise([0, *sums])]
    return [_line_item(line, charge_minor, currency) for line, charge_minor in zip(lines, charges, strict=True)]


def _line_item(line: OrderLine, charge_minor: int, currency: str) -> dict[str, Any]:
    """As one piece where discount, tax or rounding make it another amount than its pieces, or where Stripe does not
    charge the price of a piece.
    """
    is_sum = charge_minor == line.unit_price_minor * line.quantity
    whole = not is_sum or line.unit_price_minor % money.charge_step_minor(currency) != 0
    unit_minor, quantity = (charge_minor, 1) if whole else (line.unit_price_minor, line.quantity)
    name = f"{line.name} × {line.quantity}" if whole and line.quantity > 1 else line.name
    return {
        "quantity": quantity,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": money.to_stripe(unit_minor, currency),
            "product_data": {"name": name},
        },
    }
