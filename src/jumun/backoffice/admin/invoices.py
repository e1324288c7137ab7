from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from jumun.backoffice import markup
from jumun.backoffice.readonly import ReadOnlyAdmin
from jumun.invoices.models import Invoice, Series
from jumun.invoices.views import pdf_response

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
    fields = ("number", "order_page", "customer", "total", "issued_at", "pdf", "document_sha256")
    readonly_fields = fields

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

    def get_urls(self) -> list[URLPattern]:
        paper = self.admin_site.admin_view(require_safe(self.paper))
        return [path("<int:pk>/invoice.pdf", paper, name="jumun_invoices_invoice_pdf"), *super().get_urls()]

    def paper(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The invoice's PDF for staff."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return pdf_response(get_object_or_404(Invoice, pk=pk))


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "prefix", "year", "last_number")
    ordering = ("-year", "prefix")
