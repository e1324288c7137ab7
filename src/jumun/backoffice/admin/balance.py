from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jumun.backoffice import markup
from jumun.backoffice.filters import ColumnFilter
from jumun.backoffice.readonly import ReadOnlyAdmin
from jumun.payments.models import BalanceTransaction, Difference, Payout, Reconciliation
from jumun.payments.reconcile.report import advice

CREATED_AT = markup.moment_column("created_at", _("created at Stripe"))
ARRIVES_AT = markup.moment_column("arrives_at", _("arrives"))
AVAILABLE_AT = markup.moment_column("available_at", _("available"))
STARTED_AT = markup.moment_column("started_at", _("started"))
FINISHED_AT = markup.moment_column("finished_at", _("finished"))
STATUS = markup.badge_column("status", _("status"))
AMOUNT = markup.stripe_amount_column("amount_minor", _("amount"))
FEE = markup.stripe_amount_column("fee_minor", _("fee"))
NET = markup.stripe_amount_column("net_minor", _("net"))
OBJECT_ID = markup.masked_column("object_id", _("object"))
PROBLEM = markup.masked_column("problem", _("problem"))
FAILURE = markup.masked_column("failure_message", _("failure"))
SINCE = markup.moment_column("since", _("since"))


@admin.register(BalanceTransaction)
class BalanceTransactionAdmin(ReadOnlyAdmin):
    list_display = ("transaction_id", "type", "source_id", AMOUNT, FEE, NET, CREATED_AT, AVAILABLE_AT)
    list_filter = (("reporting_category", ColumnFilter), ("currency", ColumnFilter))
    search_fields = ("transaction_id", "=source_id", "=payout_id")
    fields = (
        *("transaction_id", "type", "reporting_category", "source_id", "payout_id", AMOUNT, FEE, NET),
        CREATED_AT,
        AVAILABLE_AT,
    )
    readonly_fields = fields


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    list_display = ("payout_id", STATUS, AMOUNT, "adding_up", ARRIVES_AT, CREATED_AT)
    list_filter = ("status", ("currency", ColumnFilter), "livemode")
    search_fields = ("payout_id",)
    fields = (
        *("payout_id", STATUS, AMOUNT, "adding_up", "made_of", "automatic", "livemode"),
        ARRIVES_AT,
        CREATED_AT,
        FAILURE,
    )
    readonly_fields = fields

    @admin.display(description=_("transactions"))
    def adding_up(self, payout: Payout) -> SafeString | str:
        """Whether its transactions add up to the payout."""
        if payout.adds_up is None:
            return markup.NOTHING
        return markup.badge("done", _("adds up")) if payout.adds_up else markup.badge("failed", _("does not add up"))

    @admin.display(description=_("made of"))
    def made_of(self, payout: Payout) -> SafeString:
        address = reverse("admin:jumun_payments_balancetransaction_changelist", current_app=self.admin_site.name)
        return format_html(
            '<a href="{}?q={}">{}</a>',
            address,
            payout.payout_id,
            markup.stripe_amount(payout.itemised_minor, payout.currency),
        )


class DifferenceInline(admin.TabularInline):  # type: ignore[type-arg]  # takes no type argument at run time
    model = Difference
    fields = ("kind", "order_number", OBJECT_ID, PROBLEM, "what_to_do", "repaired")
    readonly_fields = fields
    can_delete = False
    extra = 0

    @admin.display(description=_("what to do"))
    def what_to_do(self, row: Difference) -> str:
        return advice(row.kind, repaired=row.repaired)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("jumun_payments.view_reconciliation")


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = (STARTED_AT, SINCE, FINISHED_AT, "compared_count", "agreement", "repair", "is_scheduled")
    list_filter = ("is_scheduled", "repair")
    fields = (STARTED_AT, SINCE, FINISHED_AT, "step", "compared_count", "agreement", "repair", "is_scheduled")
    readonly_fields = fields
    inlines = (DifferenceInline,)

    @admin.display(description=_("books"))
    def agreement(self, run: Reconciliation) -> SafeString | str:
        if run.finished_at is None:
            return markup.badge("pending", _("not finished"))
        return markup.badge("done", _("agree")) if run.agrees else markup.badge("failed", _("differ"))
