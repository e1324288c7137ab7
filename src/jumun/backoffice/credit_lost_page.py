"""The page where staff can issue the credit note for a lost dispute."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from jumun.backoffice.site_page import page_context, to_page
from jumun.errors import NotCreditable, NumbersHeld
from jumun.payments.models import Dispute
from jumun.payments.refunds.lost_dispute import credit_lost, creditable_minor

PERMISSIONS = ("jumun_payments.view_dispute", "jumun_payments.credit_dispute")


@require_http_methods(["GET", "HEAD", "POST"])
def credit_lost_page(request: HttpRequest, pk: int, *, model_admin: Any) -> HttpResponseBase:
    """Shows the amount. After confirmation, issues and mails the note and returns to the order."""
    if request.user.is_anonymous or not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied
    dispute = get_object_or_404(Dispute.objects.select_related("payment__order"), pk=pk)
    if request.method == "POST" and "confirmed" in request.POST:
        _issue(request, dispute)
        return to_page(model_admin, "jumun_orders_order_change", dispute.payment.order.pk)
    context = {
        **page_context(model_admin, request, _("Credit note for a lost dispute")),
        "dispute": dispute,
        "order": dispute.payment.order,
        "creditable_minor": creditable_minor(dispute),
    }
    return TemplateResponse(request, "jumun/backoffice/credit_lost.html", context)


def _issue(request: HttpRequest, dispute: Dispute) -> None:
    try:
        note = credit_lost(dispute)
    except NumbersHeld:
        messages.error(
            request,
            _(
                "A backup was restored, and it is not known yet which numbers are free. "
                "Please try again in a few minutes."
            ),
        )
    except NotCreditable:
        messages.error(request, _("No credit note can be issued for this dispute."))
    else:
        messages.success(request, _("Credit note %(number)s was issued.") % {"number": note.number})
