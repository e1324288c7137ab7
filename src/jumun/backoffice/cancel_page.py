"""The page where staff cancel an unpaid order."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from jumun.backoffice.site_page import page_context, to_page
from jumun.errors import MalformedSnapshot, StripeError
from jumun.orders.models import Order
from jumun.payments.checkout.end_unpaid_orders import cancel_order
from jumun.payments.stripe import gateway

PERMISSIONS = ("jumun_orders.view_order", "jumun_orders.cancel_order")


# The request to Stripe is committed before it is sent.
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_page(request: HttpRequest, pk: int, *, model_admin: Any) -> HttpResponseBase:
    """Explains the effect. After confirmation, closes Stripe's payment page and cancels, unless the order is paid."""
    if request.user.is_anonymous or not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied
    order = get_object_or_404(Order, pk=pk)
    if order.state == Order.State.PLACED and request.method != "POST":
        context = {**page_context(model_admin, request, _("Cancel the order")), "order": order}
        return TemplateResponse(request, "jumun/backoffice/cancel.html", context)
    if request.method == "POST":
        _cancel(request, order)
    return to_page(model_admin, "jumun_orders_order_change", pk)


def _cancel(request: HttpRequest, order: Order) -> None:
    try:
        with gateway.for_somebody_waiting():
            canceled = cancel_order(order)
    except (StripeError, MalformedSnapshot):
        messages.error(
            request,
            _("Stripe did not close the customer's payment page, so nothing is cancelled. Please try again later."),
        )
        return
    if canceled:
        messages.success(request, _("The order is cancelled and its goods are for sale again."))
    else:
        messages.warning(request, _("The order is not cancelled: it is paid, being paid, or over already."))
