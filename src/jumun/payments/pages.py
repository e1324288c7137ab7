"""The customer's pages before and after Stripe's own.

Pages that call Stripe run outside transactions, whatever ``ATOMIC_REQUESTS`` says: the intention is committed before
the call.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from jumun.errors import (
    AmountOutOfRange,
    MalformedSnapshot,
    NumbersHeld,
    OrderNotPayable,
    StripeError,
    StripeRefused,
    StripeUnavailable,
)
from jumun.invoices.models import CreditNote
from jumun.orders.models import Order
from jumun.orders.totals import check_total
from jumun.payments.checkout.end_unpaid_orders import cancel_order
from jumun.payments.checkout.open import open_checkout
from jumun.payments.merge import apply
from jumun.payments.models import Checkout, Payment, Refund
from jumun.payments.stripe import gateway

# The session key of the visitor's latest order, so that /payment/process/ works without a reference.
SESSION_ORDER = "jumun_order"
# The form of the ids that we look up at Stripe.
SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,240}")
# Stripe's error codes for a total that it does not charge (docs.stripe.com/error-codes).
AMOUNT_REFUSED = frozenset({"amount_too_small", "amount_too_large"})
# How often the order's page reloads itself to see whether the payment is known.
AWAITING_TRIES_MAX = 10
AWAITING_PAUSE_S = 3

View = Callable[..., HttpResponseBase]


def _keeps_its_address_secret(view: View) -> View:
    """The address contains the order's reference, with which anybody can see the order. We send headers, as a project's
    own template may leave out tags.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        response = view(request, *args, **more)
        response["X-Robots-Tag"] = "noindex"
        response["Referrer-Policy"] = "same-origin"
        return response

    return guarded


@transaction.non_atomic_requests
@never_cache
@_keeps_its_address_secret
@require_http_methods(["GET", "HEAD", "POST"])
def process(request: HttpRequest) -> HttpResponseBase:
    """The order's summary with a button; the button leads to Stripe's page."""
    order = _order_of(request)
    if not order.is_payable:
        return redirect(order.get_customer_url())
    if request.method != "POST":
        return render(request, "jumun/payment/process.html", {"order": order})
    try:
        with gateway.for_somebody_waiting():
            url = open_checkout(order, success_url=_success_url(request), cancel_url=_cancel_url(request, order))
    except OrderNotPayable:
        return redirect(order.get_customer_url())
    except (StripeError, MalformedSnapshot) as error:
        if isinstance(error, StripeRefused) and error.code in AMOUNT_REFUSED:
            return _amount_refused(request, order, error.code)
        # The order stays. The page says what happened and, where that can help, shows the button again.
        context = {"order": order, "unavailable": error.retryable, "refused": not error.retryable}
        return render(request, "jumun/payment/process.html", context, status=503)
    response = redirect(url)
    response.status_code = 303
    return response


def _amount_refused(request: HttpRequest, order: Order, code: str) -> HttpResponse:
    """Stripe would refuse this amount again, so the order does not hold its goods any longer."""
    with suppress(StripeError, MalformedSnapshot), gateway.for_somebody_waiting():
        cancel_order(order)
    order.refresh_from_db(fields=["state"])
    context = {"order": order, "too_small": code == "amount_too_small", "refusal": _refusal(order)}
    return render(request, "jumun/payment/amount_refused.html", context, status=422)


def _refusal(order: Order) -> AmountOutOfRange | None:
    """The limit that the total breaks, if we know it; Stripe's own may be tighter."""
    try:
        check_total(order.total_minor, order.currency)
    except AmountOutOfRange as refusal:
        return refusal
    return None


@transaction.non_atomic_requests
@never_cache
@_keeps_its_address_secret
@require_safe
def completed(request: HttpRequest) -> HttpResponseBase:
    """Stripe sends the customer here: fetch the session and merge it, as the webhook does."""
    session_id = request.GET.get("session_id", "")
    if not SESSION_ID.fullmatch(session_id):
        raise Http404
    try:
        order = _order_of_session(session_id)
    except (StripeUnavailable, NumbersHeld):
        return render(request, "jumun/payment/unknown.html", status=503)
    except (StripeRefused, MalformedSnapshot) as error:
        raise Http404 from error
    if order is None:
        raise Http404
    return redirect(order.get_customer_url() + "?returned=1")


def _order_of_session(session_id: str) -> Order | None:
    """The order once the session is merged. Raises `StripeError` and `MalformedSnapshot` only for a session that is not
    known here: the customer got its address although the answer to our call was lost.
    """
    checkout = Checkout.objects.select_related("order").filter(session_id=session_id).first()
    if checkout is None:
        return _apply_session(session_id)
    if checkout.order.state != Order.State.PAID:
        # Without an answer the webhook will report it; the order's page reloads itself until then.
        with suppress(StripeError, MalformedSnapshot):
            _apply_session(session_id)
    return checkout.order


def _apply_session(session_id: str) -> Order | None:
    with gateway.for_somebody_waiting():
        return apply(gateway.retrieve_session(session_id))


@never_cache
@_keeps_its_address_secret
@require_safe
def canceled(request: HttpRequest) -> HttpResponseBase:
    """The customer came back without paying. The order waits."""
    order = _order_of(request)
    if not order.is_payable:
        return redirect(order.get_customer_url())
    return render(request, "jumun/payment/canceled.html", {"order": order})


@never_cache
@_keeps_its_address_secret
@require_safe
def order(request: HttpRequest, reference: str) -> HttpResponse:
    """An order for whoever knows its reference: lines, state, how to pay or the invoice."""
    found = get_object_or_404(Order.objects.prefetch_related("lines").select_related("invoice"), reference=reference)
    tried = _tries(request)
    rejected = list(found.payments.filter(status=Payment.Status.PAID).exclude(rejection_reason=""))
    # An order that waits for payment shows its state again once the rejected payments are refunded.
    is_settled = found.is_payable and not any(payment.kept_minor for payment in rejected)
    context = {
        "order": found,
        "payment": found.payments.filter(settles_order=True).first(),
        "rejected": rejected,
        "shows_state": found.state == Order.State.PAID or is_settled or not rejected,
        "refunds": Refund.objects.filter(payment__order=found).exclude(status__in=Refund.VOID),
        "credit_notes": CreditNote.objects.filter(invoice__order=found).select_related(
            "invoice__order", "cancellation"
        ),
        "is_processing": found.is_payable and found.payments.filter(status=Payment.Status.PROCESSING).exists(),
        # The customer is back from Stripe, but the payment is not known here yet: the page reloads itself.
        "awaiting": found.is_payable and tried > 0,
    }
    response = render(request, "jumun/order.html", context)
    if found.is_payable and 0 < tried < AWAITING_TRIES_MAX:
        response["Refresh"] = f"{AWAITING_PAUSE_S}; url={found.get_customer_url()}?returned={tried + 1}"
    return response


def _tries(request: HttpRequest) -> int:
    """How often this page was loaded since Stripe sent the customer back; 0 for any other visit."""
    returned = request.GET.get("returned", "")
    return int(returned) if returned.isascii() and returned.isdecimal() and len(returned) < 4 else 0


def _order_of(request: HttpRequest) -> Order:
    """The order with the reference in the request, else the latest one of this visitor's session."""
    reference = request.POST.get("order") or request.GET.get("order") or request.session.get(SESSION_ORDER)
    if not reference or "\0" in reference:  # PostgreSQL refuses to compare it
        raise Http404
    return get_object_or_404(Order.objects.prefetch_related("lines"), reference=reference)


def _success_url(request: HttpRequest) -> str:
    # Stripe replaces the braces; they must stay unescaped.
    return request.build_absolute_uri(reverse("jumun:payment-completed")) + "?session_id={CHECKOUT_SESSION_ID}"


def _cancel_url(request: HttpRequest, order: Order) -> str:
    return request.build_absolute_uri(reverse("jumun:payment-canceled")) + f"?order={order.reference}"
