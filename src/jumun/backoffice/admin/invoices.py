from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from jumun.backoffice import markup
from jumun.backoffice.admin.issued import ISSUED_AT, IssuedDocumentAdmin
from jumun.backoffice.period_form import PeriodForm
from jumun.backoffice.readonly import ReadOnlyAdmin
from jumun.exports.download import zip_response
from jumun.invoices.models import Invoice, Series


@admin.register(Invoice)
class InvoiceAdmin(IssuedDocumentAdmin):
    file_stem = "invoice"
    change_list_template = "jumun/backoffice/invoice_list.html"
    list_display = ("number", "order_page", "customer", "total", ISSUED_AT, "pdf")
    search_fields = ("number", "order__number", "order__name", "order__email")
    search_permissions = {"order__email": "jumun_orders.view_order"}
    fields = ("number", "order_page", "customer", "total", ISSUED_AT, "pdf", "xml", "kept", "document_sha256")
    readonly_fields = fields

    @admin.display(description=_("total"), ordering="order__total_minor")
    def total(self, invoice: Invoice) -> SafeString:
        return markup.amount(invoice.order.total_minor, invoice.order.currency)

    def get_urls(self) -> list[URLPattern]:
        bundle = self.admin_site.admin_view(require_safe(self.bundle))
        return [path("invoices.zip", bundle, name="jumun_invoices_invoice_zip"), *super().get_urls()]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("jumun_invoices.export_invoice")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra_context = extra_context or {}
        if self.has_export_permission(request):
            extra_context["period_form"] = PeriodForm(initial=PeriodForm.last_month())
        return super().changelist_view(request, extra_context)

    def bundle(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_export_permission(request):
            raise PermissionDenied
        form = PeriodForm(request.GET)
        if unknown := request.GET.keys() - form.fields.keys():
            message = _("This export has no parameter %(names)s.")
            text = message % {"names": ", ".join(sorted(unknown))}
            return HttpResponseBadRequest(text, content_type="text/plain; charset=utf-8")
        if not form.is_valid():
            return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain; charset=utf-8")
        return zip_response(form.cleaned_data["first"], form.cleaned_data["last"])


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "prefix", "year", "last_number")
    ordering = ("-year", "prefix")
