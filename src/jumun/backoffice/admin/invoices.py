from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from jumun.backoffice import markup
from jumun.backoffice.period_form import PeriodForm
from jumun.backoffice.readonly import ReadOnlyAdmin
from jumun.exports.download import zip_response
from jumun.invoices.models import ArchivedPdf, Invoice, Series
from jumun.invoices.views import pdf_response, xml_response

ISSUED_AT = markup.moment_column("issued_at", _("issued at"))


def pdf_link(invoice: Invoice) -> SafeString:
    address = reverse("admin:jumun_invoices_invoice_pdf", args=[invoice.pk])
    return format_html('<a class="jumun-paper" href="{}" target="_blank">{}</a>', address, invoice.number)


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("number", "order_page", "customer", "total", ISSUED_AT, "pdf")
    list_select_related = ("order",)
    list_filter = ("issued_at",)
    search_fields = ("number", "order__number", "order__name", "order__email")
    large_fields = ("document_json",)
    fields = ("number", "order_page", "customer", "total", "issued_at", "pdf", "xml", "kept", "document_sha256")
    readonly_fields = fields
    actions = ("send_again",)

    @admin.display(description=_("order"), ordering="order__number")
    def order_page(self, invoice: Invoice) -> SafeString | str:
        return markup.order_link(invoice.order)

    @admin.display(description=_("customer"))
    def customer(self, invoice: Invoice) -> str:
        return invoice.order.name

    @admin.display(description=_("total"), ordering="order__total_minor")
    def total(self, invoice: Invoice) -> SafeString:
        return markup.amount(invoice.order.total_minor, invoice.order.currency)

    @admin.display(description=_("PDF"))
    def pdf(self, invoice: Invoice) -> SafeString:
        return pdf_link(invoice)

    @admin.display(description=_("e-invoice (EN 16931)"))
    def xml(self, invoice: Invoice) -> SafeString | str:
        if not invoice.has_einvoice:
            return markup.NOTHING
        address = reverse("admin:jumun_invoices_invoice_xml", args=[invoice.pk])
        return format_html('<a href="{}">{}.xml</a>', address, invoice.number)

    @admin.display(description=_("archived"))
    def kept(self, invoice: Invoice) -> str:
        archived = ArchivedPdf.objects.filter(invoice=invoice).first()
        if archived is None:
            return markup.NOTHING
        state = _("intact") if archived.content() else _("missing or damaged")
        return f"{archived.name} ({state})"

    def get_urls(self) -> list[URLPattern]:
        paper = self.admin_site.admin_view(require_safe(self.paper))
        einvoice = self.admin_site.admin_view(require_safe(self.einvoice))
        bundle = self.admin_site.admin_view(require_safe(self.bundle))
        return [
            path("invoices.zip", bundle, name="jumun_invoices_invoice_zip"),
            path("<int:pk>/invoice.pdf", paper, name="jumun_invoices_invoice_pdf"),
            path("<int:pk>/invoice.xml", einvoice, name="jumun_invoices_invoice_xml"),
            *super().get_urls(),
        ]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("jumun_invoices.export_invoice")

    def has_send_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self.may_decide(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra_context = extra_context or {}
        if self.has_export_permission(request):
            extra_context["period_form"] = PeriodForm(initial=PeriodForm.last_month())
        return super().changelist_view(request, extra_context)

    def bundle(self, request: HttpRequest) -> HttpResponseBase:
        """The invoices of a period as one archive."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        form = PeriodForm(request.GET)
        if not form.is_valid():
            return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain; charset=utf-8")
        return zip_response(form.cleaned_data["first"], form.cleaned_data["last"])

    @admin.action(description=_("Send the invoice to the customer again"), permissions=["send"])
    def send_again(self, request: HttpRequest, invoices: QuerySet[Invoice]) -> None:
        """Enqueue the mails; the worker sends them."""
        count = len(invoices)
        for invoice in invoices:
            invoice.send_again()
        said = ngettext("%(count)d invoice will be sent again.", "%(count)d invoices will be sent again.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def paper(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The invoice's PDF for staff."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return pdf_response(request, get_object_or_404(Invoice, pk=pk))

    def einvoice(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The e-invoice for staff, or the reason why there is none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return xml_response(request, get_object_or_404(Invoice, pk=pk))


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "prefix", "year", "last_number")
    ordering = ("-year", "prefix")
