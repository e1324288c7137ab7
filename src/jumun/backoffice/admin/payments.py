import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jumun.backoffice import markup
from jumun.backoffice.readonly import QueueAdmin, ReadOnlyAdmin
from jumun.backoffice.refund_page import refund_page
from jumun.backoffice.site_page import site_page
from jumun.invoices.templatetags.jumun_invoices import payment_method
from jumun.payments.models import Checkout, InboxEvent, Payment, Refund

PAID_AT = markup.moment_column("paid_at", _("paid at"))
CREATED_AT = markup.moment_column("created_at", _("created at"))
HAPPENED_AT = markup.moment_column("created_at", _("created at Stripe"))
EXPIRES_AT = markup.moment_column("expires_at", _("expires at"))
RECEIVED_AT = markup.moment_column("received_at", _("received at"))
BOOKED_AT = markup.moment_column("booked_at", _("booked at"))
RUN_AT = markup.moment_column("run_at", _("not before"))
FINISHED_AT = markup.moment_column("finished_at", _("finished at"))
STATUS = markup.badge_column("status", _("status"))
STATE = markup.badge_column("state", _("state"))
AMOUNT = markup.amount_column(_("amount"))
REFUSAL = markup.masked_column("refusal", _("refusal"))
LAST_ERROR = markup.masked_column("last_error", _("last error"))


class WithOrder(ReadOnlyAdmin):
    """Rows that may belong to an order."""

    list_select_related = ("order",)

    @admin.display(description=_("order"), ordering="order__number")
    def order_page(self, row: Any) -> SafeString | str:
        return markup.order_link(row.order, self.admin_site.name)


@admin.register(Payment)
class PaymentAdmin(WithOrder):
    list_display = ("payment_intent_id", "order_page", STATUS, AMOUNT, "at_stripe", PAID_AT)
    list_filter = ("status", "livemode")
    search_fields = ("payment_intent_id", "order__number", "order__email")
    search_permissions = {"order__email": "jumun_orders.view_order"}
    fields = (
        "payment_intent_id",
        "order_page",
        "status",
        AMOUNT,
        "paid_with",
        "livemode",
        PAID_AT,
        CREATED_AT,
        "at_stripe",
    )
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        page = site_page(self, refund_page)
        return [path("<int:pk>/refund/", page, name="jumun_payments_payment_refund"), *super().get_urls()]

    @admin.display(description=_("payment method"))
    def paid_with(self, payment: Payment) -> str:
        return payment_method(payment) or markup.NOTHING

    @admin.display(description=_("at Stripe"))
    def at_stripe(self, payment: Payment) -> SafeString:
        return markup.stripe_link(payment)


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "order_page", STATUS, AMOUNT, "by", CREATED_AT)
    list_select_related = ("payment__order", "by")
    list_filter = ("status",)
    search_fields = ("refund_id", "payment__payment_intent_id", "payment__order__number")
    search_permissions = {"payment__payment_intent_id": "jumun_payments.view_payment"}
    fields = (
        *("refund_id", "order_page", "payment", "status", AMOUNT, "reason", REFUSAL, "by"),
        CREATED_AT,
        BOOKED_AT,
    )
    readonly_fields = fields

    @admin.display(description=_("order"), ordering="payment__order__number")
    def order_page(self, refund: Refund) -> SafeString | str:
        return markup.order_link(refund.payment.order, self.admin_site.name)


@admin.register(Checkout)
class CheckoutAdmin(WithOrder):
    list_display = ("__str__", "order_page", STATE, CREATED_AT, EXPIRES_AT)
    list_filter = ("state",)
    search_fields = ("session_id", "order__number")
    large_fields = ("params",)
    # Not the session's address: it shows the customer's data on Stripe's page, and lets anybody pay.
    fields = ("session_id", "order_page", "state", CREATED_AT, EXPIRES_AT, REFUSAL, "parameters")
    readonly_fields = fields

    @admin.display(description=_("parameters"))
    def parameters(self, checkout: Checkout) -> SafeString:
        return markup.source(json.dumps(checkout.params, indent=2, ensure_ascii=False))


@admin.register(InboxEvent)
class InboxEventAdmin(QueueAdmin, WithOrder):
    list_display = ("event_id", "type", "order_page", STATE, "attempts", RECEIVED_AT, FINISHED_AT)
    list_filter: ClassVar[Any] = ("state", "livemode")
    search_fields = ("event_id", "=type", "order__number")
    large_fields = ("payload",)
    fields = (
        *("event_id", "type", "api_version", "livemode", "order_page", "state", "attempts", "deaths", RUN_AT),
        *(HAPPENED_AT, RECEIVED_AT, FINISHED_AT, LAST_ERROR, "body"),
    )
    readonly_fields = fields

    @admin.action(description=_("Process the events again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Also processed and ignored events, since processing an event again changes nothing that is right."""
        super().try_again(request, rows)

    @admin.display(description=_("payload"))
    def body(self, event: InboxEvent) -> SafeString:
        return markup.source(_pretty(event.payload))


def _pretty(payload: str) -> str:
    """Indented JSON; other text unchanged."""
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return payload
