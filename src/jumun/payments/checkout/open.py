"""Send a customer to Stripe's page: at most one open session for each order, however often they press the button."""

from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, override

from jumun import money
from jumun.conf import jumun, stripe_setting
from jumun.email_addresses import to_ascii
from jumun.errors import OrderNotPayable
from jumun.orders.models import Order, OrderLine
from jumun.payments.checkout.close import close, create
from jumun.payments.models import Checkout, Payment
from jumun.payments.models.intention import check_reconciled
from jumun.payments.stripe.metadata import stripe_metadata

# Stripe allows between 30 minutes and 24 hours, by its own clock; a minute of margin for ours.
SESSION_MIN = timedelta(minutes=31)
SESSION_MAX = timedelta(hours=23, minutes=59)
# Stripe creates no session that ends sooner, so an older intention is void if Stripe has not answered it.
CREATE_MARGIN = timedelta(minutes=30)
# A session about to expire is replaced: the customer needs time to find the card and type its number.
REUSE_MARGIN = timedelta(minutes=10)
# For how long after it was placed new sessions extend an order's hold.
KEPT_MAX = timedelta(days=1)


def open_checkout(order: Order, *, success_url: str, cancel_url: str) -> str:
    """Return the address of Stripe's page where ``order`` is paid. An open session is used again.

    ``success_url`` contains ``{CHECKOUT_SESSION_ID}``, which Stripe replaces. Raises `OrderNotPayable` where the order
    is not waiting for payment, `StripeUnavailable` (safe to repeat) and `StripeRefused`. Must not run in a transaction.
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
    """Close the order's session at Stripe, and learn how it ended, if it can no longer be used."""
    for checkout in _unfinished(order):
        if _is_unusable(checkout, order):
            close(checkout)


def _unfinished(order: Order) -> QuerySet[Checkout]:
    """The order's sessions that are open at Stripe, or may be: one at most."""
    return order.checkouts.filter(state__in=Checkout.UNFINISHED)


def _is_unusable(checkout: Checkout, order: Order) -> bool:
    """It ends too soon, has an outdated e-mail address, or is not where payments are made now."""
    opened = checkout.state == Checkout.State.OPEN
    if checkout.expires_at <= timezone.now() + (REUSE_MARGIN if opened else CREATE_MARGIN):
        return True
    email = to_ascii(order.email)
    is_corrected = checkout.params.get("customer_email", email) != email
    # After a change from the sandbox to Stripe, or back, sessions of the other are still open.
    is_elsewhere = checkout.url.startswith(
        "https://checkout.stripe.com/" if stripe_setting("STRIPE_API_BASE") else "http://"
    )
    return is_corrected or (opened and is_elsewhere)


def _intend(order: Order, *, success_url: str, cancel_url: str) -> Checkout:
    """The order's unfinished checkout, or a new one, written down before the call to Stripe."""
    with transaction.atomic():
        order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        if not order.is_payable or order.payments.filter(status=Payment.Status.PROCESSING).exists():
            raise OrderNotPayable(f"{order.number} is {order.state}")
        if unfinished := _unfinished(order).first():
            return unfinished
        # Before somebody begins to pay, the storefront holds goods for a shorter time.
        order.extend_hold(order.placed_at + timedelta(seconds=jumun().order_expires_s))
        checkout = Checkout(order=order, expires_at=_session_end(order))
        # Nobody's session is closed while they type their card number, but repeated presses do not hold goods for ever.
        order.extend_hold(min(checkout.expires_at, order.placed_at + KEPT_MAX))
        checkout.freeze(_params(checkout, success_url=success_url, cancel_url=cancel_url))
        return checkout


def _session_end(order: Order) -> datetime:
    now = timezone.now()
    return min(max(order.expires_at, now + SESSION_MIN), now + SESSION_MAX)


def _params(checkout: Checkout, *, success_url: str, cancel_url: str) -> dict[str, Any]:
    """The parameters of POST /v1/checkout/sessions.

    Session and PaymentIntent both get our metadata, as Stripe does not copy it from one to the other.
    """
    order = checkout.order
    lines = list(order.lines.order_by("position"))
    metadata = {**stripe_metadata(order), checkout.NAMED_AS: str(uuid4())}
    with override(order.language):
        description = gettext("Order %(number)s") % {"number": order.number}
    return {
        "mode": "payment",
        "line_items": _line_items(lines, order.currency),
        "client_reference_id": order.reference,
        "customer_email": to_ascii(order.email),
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": description},
        "locale": order.language if order.language in {"ko", "en"} else "auto",
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int(checkout.expires_at.timestamp()),
    }


def _line_items(lines: list[OrderLine], currency: str) -> list[dict[str, Any]]:
    """The lines as Stripe's page shows them.

    Stripe charges no third decimal but 0. We round each running sum, not each line, so that the lines add up to the
    order's total. A line is at most 0.009 off, and one that ends in 0 is exact.
    """
    sums = [money.round_to_charge(sum_minor, currency) for sum_minor in accumulate(line.total_minor for line in lines)]
    charges = [after - before for before, after in pairwise([0, *sums])]
    return [_line_item(line, charge_minor, currency) for line, charge_minor in zip(lines, charges, strict=True)]


def _line_item(line: OrderLine, charge_minor: int, currency: str) -> dict[str, Any]:
    """One line with its unit price. It has quantity 1 and the whole amount where discount, tax or rounding make that
    differ from price times quantity, or where Stripe does not charge the unit price.
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
