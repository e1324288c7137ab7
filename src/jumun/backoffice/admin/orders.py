from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from jumun.backoffice import markup
from jumun.backoffice.admin.issued import pdf_link
from jumun.backoffice.cancel_page import cancel_page
from jumun.backoffice.checked_list import CheckedList
from jumun.backoffice.export_form import ExportForm
from jumun.backoffice.filters import CountryFilter, CurrencyFilter, PlacedFilter
from jumun.backoffice.order_page import order_context
from jumun.backoffice.readonly import ReadOnlyAdmin
from jumun.backoffice.site_page import page_context, site_page
from jumun.exports.download import csv_response
from jumun.orders.models import Order
from jumun.payments.models import Payment

# `get_state_display` would take as long as the rest of the cell.
STATES = dict(Order.State.choices)
PAID_AT = markup.moment_column("paid_at", _("paid at"))


class OrderList(CheckedList):
    """A page of the order list with the invoice and the payment of each order, in one query more."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        settling = Payment.objects.filter(settles_order=True)
        page = self.result_list
        if isinstance(page, QuerySet):
            # The frozen document is by far the largest column, and no row shows it.
            page = page.select_related("invoice").defer("invoice__document_json")
            self.result_list = page.prefetch_related(Prefetch("payments", settling, to_attr="settling"))


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    ordering = ("-placed_at", "-id")
    list_filter = ("state", PlacedFilter, CountryFilter, CurrencyFilter, "livemode")
    search_fields = ("number", "name", "email", "invoice__number", "payments__payment_intent_id")
    search_permissions = {
        "invoice__number": "jumun_invoices.view_invoice",
        "payments__payment_intent_id": "jumun_payments.view_payment",
    }
    search_help_text = _("Order number, name, e-mail, invoice number or Stripe payment")
    actions = ("export_csv",)
    change_list_template = "jumun/backoffice/order_list.html"
    # The order's own page has no link back to the filtered list. Carrying the filters along costs 10 % of the list.
    preserve_filters = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OrderList

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns: list[Any] = ["number_and_time", "customer", "total", "state_badge", PAID_AT]
        if request.user.has_perm("jumun_payments.view_payment"):
            columns.append("payment")
        if request.user.has_perm("jumun_invoices.view_invoice"):
            columns.append("invoice_pdf")
        return columns

    @admin.display(description=_("order"), ordering="placed_at")
    def number_and_time(self, order: Order) -> SafeString:
        return format_html('{}<span class="jumun-quiet">{}</span>', order.number, markup.moment(order.placed_at))

    @admin.display(description=_("customer"))
    def customer(self, order: Order) -> SafeString:
        return format_html('{}<span class="jumun-quiet">{}</span>', order.name, order.email)

    @admin.display(description=_("total"), ordering="total_minor")
    def total(self, order: Order) -> SafeString:
        return markup.amount(order.total_minor, order.currency)

    @admin.display(description=_("state"))
    def state_badge(self, order: Order) -> SafeString:
        return markup.badge(order.state, STATES[order.state])

    @admin.display(description=_("payment"), empty_value=markup.NOTHING)
    def payment(self, order: Any) -> SafeString | None:
        return markup.stripe_link(order.settling[0]) if order.settling else None

    @admin.display(description=_("invoice"), empty_value=markup.NOTHING)
    def invoice_pdf(self, order: Order) -> SafeString | None:
        return pdf_link(order.invoice, self.admin_site.name) if hasattr(order, "invoice") else None

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export.csv", self.admin_site.admin_view(require_safe(self.export)), name="jumun_orders_order_export"
        )
        cancel = path("<int:pk>/cancel/", site_page(self, cancel_page), name="jumun_orders_order_cancel")
        return [export, cancel, *super().get_urls()]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("jumun_orders.export_order")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra_context = extra_context or {}
        if self.has_export_permission(request):
            extra_context["export_form"] = _export_form()
            extra_context["export_filters"] = [
                (name, value) for name, values in request.GET.lists() for value in values if name not in {"p", "e"}
            ]
        return super().changelist_view(request, extra_context)

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        order = self.viewed(request, object_id)
        context = {
            **page_context(self, request, _("Order %(number)s") % {"number": order.number}),
            **order_context(order, request.user),
        }
        return TemplateResponse(request, "jumun/backoffice/order.html", context)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All orders of the list's current filter and search, not only of one page."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        form = ExportForm(request.GET)
        if not form.is_valid():
            return _bad_request(form.errors.as_text())
        try:
            orders = self._listed(request, without=form.fields)
        except BadRequest as error:
            return _bad_request(str(error))
        return csv_response(orders, **form.options())

    def _listed(self, request: HttpRequest, *, without: Any) -> QuerySet[Order]:
        listing = request.GET.copy()
        for name in without:
            listing.pop(name, None)
        request.GET = listing  # type: ignore[assignment]  # the list reads its filters from here, and no other way
        return self.get_changelist_instance(request).get_queryset(request)

    @admin.action(description=_("Export selected orders as CSV"), permissions=["export"])
    def export_csv(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponseBase:
        """First a form for the file's format; when sent, it repeats this action."""
        confirmed = "confirmed" in request.POST
        form = ExportForm(request.POST) if confirmed else _export_form()
        if confirmed and form.is_valid():
            return csv_response(orders, **form.options())
        context = {
            **page_context(self, request, _("Export orders")),
            "form": form,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "count": orders.count(),
        }
        return TemplateResponse(request, "jumun/backoffice/export.html", context)


def _export_form() -> ExportForm:
    return ExportForm(initial={"shape": "orders", "language": get_language(), "bom": True})


def _bad_request(why: str) -> HttpResponse:
    return HttpResponseBadRequest(why, content_type="text/plain; charset=utf-8")
