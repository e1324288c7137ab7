from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from jumun.backoffice import markup
from jumun.backoffice.filters import IssuedFilter
from jumun.backoffice.readonly import ReadOnlyAdmin
from jumun.invoices.by_number import TO_ORDER
from jumun.invoices.models import IssuedDocument
from jumun.invoices.views import pdf_response, xml_response

ISSUED_AT = markup.moment_column("issued_at", _("issued at"))


def pdf_link(issued: IssuedDocument, site_name: str) -> SafeString:
    address = reverse(_url_name(issued, "pdf"), args=[issued.pk], current_app=site_name)
    return format_html('<a class="jumun-paper" href="{}" target="_blank">{}</a>', address, issued.number)


def _url_name(issued: IssuedDocument, file: str) -> str:
    return f"admin:{issued._meta.app_label}_{issued._meta.model_name}_{file}"


class IssuedDocumentAdmin(ReadOnlyAdmin):
    """Issued documents of one kind."""

    # The file name in the addresses.
    file_stem: str
    list_filter: ClassVar[Any] = (IssuedFilter,)
    large_fields = ("document_json",)
    actions = ("send_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(TO_ORDER[self.model])

    @admin.display(description=_("order"))
    def order_page(self, issued: IssuedDocument) -> SafeString | str:
        return markup.order_link(issued.for_order, self.admin_site.name)

    @admin.display(description=_("customer"))
    def customer(self, issued: IssuedDocument) -> str:
        return issued.for_order.name

    @admin.display(description=_("PDF"))
    def pdf(self, issued: IssuedDocument) -> SafeString:
        return pdf_link(issued, self.admin_site.name)

    @admin.display(description=_("e-invoice (EN 16931)"))
    def xml(self, issued: IssuedDocument) -> SafeString | str:
        if not issued.has_einvoice:
            return markup.NOTHING
        address = reverse(_url_name(issued, "xml"), args=[issued.pk], current_app=self.admin_site.name)
        return format_html('<a href="{}">{}.xml</a>', address, issued.number)

    @admin.display(description=_("archived"))
    def kept(self, issued: IssuedDocument) -> str:
        archived = issued.archived
        if archived is None:
            return markup.NOTHING
        state = _("intact") if archived.content() else _("missing or damaged")
        return f"{archived.name} ({archived.get_layout_display()}, {state})"

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        pdf = self.admin_site.admin_view(require_safe(self.pdf_page))
        xml = self.admin_site.admin_view(require_safe(self.xml_page))
        return [
            path(f"<int:pk>/{self.file_stem}.pdf", pdf, name=f"{name}_pdf"),
            path(f"<int:pk>/{self.file_stem}.xml", xml, name=f"{name}_xml"),
            *super().get_urls(),
        ]

    def has_send_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self.may_decide(request)

    @admin.action(description=_("Send to the customer again"), permissions=["send"])
    def send_again(self, request: HttpRequest, documents: QuerySet[Any]) -> None:
        count = len(documents)
        for issued in documents:
            issued.send_again()
        message = ngettext("%(count)d document will be sent again.", "%(count)d documents will be sent again.", count)
        self.message_user(request, message % {"count": count}, messages.SUCCESS)

    def pdf_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        return pdf_response(request, self._found(request, pk))

    def xml_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        return xml_response(request, self._found(request, pk))

    def _found(self, request: HttpRequest, pk: int) -> IssuedDocument:
        if not self.has_view_permission(request):
            raise PermissionDenied
        issued: IssuedDocument = get_object_or_404(self.model._default_manager.all(), pk=pk)
        return issued
