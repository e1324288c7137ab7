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
from jumun.invoices.credit_note_views import credit_note_response
from jumun.invoices.models import CreditNote

ISSUED_AT = markup.moment_column("issued_at", _("issued at"))


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    list_display = ("number", "invoice", "order_page", "customer", "amount", ISSUED_AT, "pdf")
    list_select_related = ("invoice__order",)
    list_filter = ("issued_at",)
    search_fields = ("number", "refund_id", "invoice__number", "invoice__order__number", "invoice__order__name")
    large_fields = ("document_json",)
    fields = (
        "number",
        "invoice",
        "order_page",
        "customer",
        "amount",
        "refund_id",
        "issued_at",
        "pdf",
        "document_sha256",
    )
    readonly_fields = fields

    @admin.display(description=_("order"), ordering="invoice__order__number")
    def order_page(self, note: CreditNote) -> SafeString | str:
        return markup.order_link(note.invoice.order)

    @admin.display(description=_("customer"))
    def customer(self, note: CreditNote) -> str:
        return note.invoice.order.name

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount(self, note: CreditNote) -> SafeString:
        return markup.amount(note.amount_minor, note.invoice.order.currency)

    @admin.display(description=_("PDF"))
    def pdf(self, note: CreditNote) -> SafeString:
        address = reverse("admin:jumun_invoices_creditnote_pdf", args=[note.pk])
        return format_html('<a class="jumun-paper" href="{}" target="_blank">{}</a>', address, note.number)

    def get_urls(self) -> list[URLPattern]:
        paper = self.admin_site.admin_view(require_safe(self.paper))
        return [path("<int:pk>/credit-note.pdf", paper, name="jumun_invoices_creditnote_pdf"), *super().get_urls()]

    def paper(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The credit note's PDF for staff."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return credit_note_response(request, get_object_or_404(CreditNote, pk=pk))
