from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jumun.backoffice import markup
from jumun.backoffice.credit_lost_page import credit_lost_page
from jumun.backoffice.readonly import ReadOnlyAdmin
from jumun.backoffice.site_page import site_page
from jumun.payments.models import Dispute

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OPENED_AT = markup.moment_column("opened_at", _("opened"))
STATUS = markup.badge_column("status", _("status"))
AMOUNT = markup.amount_column(_("amount"))
DUE_AT = markup.moment_column("due_at", _("evidence due"))


class TodoFilter(admin.SimpleListFilter):
    """What staff have to do about a dispute."""

    title = _("to do")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> "list[tuple[str, _StrPromise]]":
        return [("answer", _("needs an answer")), ("wait", pgettext_lazy("dispute", "open")), ("nothing", _("closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        if self.value() == "answer":
            return queryset.filter(status__in=Dispute.NEEDS_ANSWER)
        if self.value() == "wait":
            return queryset.exclude(status__in=Dispute.CLOSED)
        return queryset.filter(status__in=Dispute.CLOSED) if self.value() == "nothing" else queryset


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = ("order_page", STATUS, AMOUNT, "why", DUE_AT, OPENED_AT, "at_stripe")
    list_select_related = ("payment__order",)
    list_filter = (TodoFilter, "status")
    search_fields = ("dispute_id", "payment__payment_intent_id", "payment__order__number", "payment__order__email")
    search_permissions = {
        "payment__payment_intent_id": "jumun_payments.view_payment",
        "payment__order__email": "jumun_orders.view_order",
    }
    fields = (
        *("dispute_id", "order_page", STATUS, AMOUNT, "why", DUE_AT, OPENED_AT),
        *("is_charge_refundable", "at_stripe"),
    )
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        page = site_page(self, credit_lost_page)
        return [path("<int:pk>/credit-note/", page, name="jumun_payments_dispute_credit"), *super().get_urls()]

    @admin.display(description=_("order"), ordering="payment__order__number")
    def order_page(self, dispute: Dispute) -> SafeString | str:
        return markup.order_link(dispute.payment.order, self.admin_site.name)

    @admin.display(description=_("reason"), ordering="reason")
    def why(self, dispute: Dispute) -> str:
        return dispute.get_reason_display()

    @admin.display(description=_("give evidence at Stripe"))
    def at_stripe(self, dispute: Dispute) -> SafeString:
        return markup.outward_link(dispute.stripe_url, dispute.dispute_id)
