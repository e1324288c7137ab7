"""The page on which staff issue the credit note for a lost dispute, if they choose to."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from jumun.errors import NotCreditable
from jumun.payments.credit_lost import credit_lost, creditable_minor
from jumun.payments.models import Dispute

PERMISSIONS = ("jumun_payments.view_dispute", "jumun_payments.credit_dispute")


@require_http_methods(["GET", "HEAD", "POST"])
def credit_lost_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What the note would be over; sent, it is issued and mailed, and leads back to the order."""
    if request.user.is_anonymous or not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied
    dispute = get_object_or_404(Dispute.objects.select_related("payment__order"), pk=pk)
    if request.method == "POST" and "confirmed" in request.POST:
        _issue(request, dispute)
        return redirect("admin:jumun_orders_order_change", dispute.payment.order.pk)
    context = {
        **admin.site.each_context(request),
        "title": _("Credit note for a lost dispute"),
        "opts": Dispute._meta,
        "dispute": dispute,
        "order": dispute.payment.order,
        "creditable_minor": creditable_minor(dispute),
    }
    return TemplateResponse(request, "jumun/backoffice/credit_lost.html", context)


def _issue(request: HttpRequest, dispute: Dispute) -> None:
    try:
        note = credit_lost(dispute)
    except NotCreditable:
        messages.error(request, _("There is no credit note to be issued for this dispute (any more)."))
    else:
        messages.success(request, _("Credit note %(number)s was issued.") % {"number": note.number})
