from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from jumun.backoffice import markup
from jumun.backoffice.admin.payments import WithOrder
from jumun.backoffice.quarantine_page import quarantine_context
from jumun.backoffice.site_page import page_context, to_page
from jumun.payments.models import QuarantinedSnapshot

CREATED_AT = markup.moment_column("created_at", _("created at"))
RESOLVED_AT = markup.moment_column("resolved_at", _("dealt with at"))


@admin.register(QuarantinedSnapshot)
class QuarantinedSnapshotAdmin(WithOrder):
    list_display = ("object_id", "reason", "order_page", CREATED_AT, RESOLVED_AT)
    list_filter = ("reason", ("resolved_at", admin.EmptyFieldListFilter))
    search_fields = ("object_id", "order__number", "payment__payment_intent_id")
    # For the link on the admin's first page.
    extra_lookups = ("reason__in",)
    search_permissions = {"payment__payment_intent_id": "jumun_payments.view_payment"}
    large_fields = ("snapshot",)
    actions = ("resolve",)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(require_POST(self.resolve_one))
        return [path("<int:pk>/resolve/", page, name="jumun_payments_quarantinedsnapshot_resolve"), *super().get_urls()]

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.viewed(request, object_id)
        context = {
            **page_context(self, request, row.get_reason_display()),
            "may_resolve": self.has_resolve_permission(request),
            **quarantine_context(row, request.user),
        }
        return TemplateResponse(request, "jumun/backoffice/quarantined.html", context)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self.may_decide(request)

    def resolve_one(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The button on a row's page; it must be confirmed."""
        if not self.has_resolve_permission(request):
            raise PermissionDenied
        row = get_object_or_404(QuarantinedSnapshot.objects.select_related("order"), pk=pk)
        if "confirmed" not in request.POST:
            self.message_user(request, _("Please confirm that it is dealt with."), messages.WARNING)
        elif row.resolve(by=_staff(request)):
            self.message_user(request, _("Marked as dealt with."), messages.SUCCESS)
        return to_page(self, "jumun_payments_quarantinedsnapshot_change", pk)

    @admin.action(description=_("Mark as dealt with"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, rows: QuerySet[QuarantinedSnapshot]) -> None:
        count = sum(row.resolve(by=_staff(request)) for row in rows)
        message = ngettext("%(count)d row is dealt with.", "%(count)d rows are dealt with.", count)
        self.message_user(request, message % {"count": count}, messages.SUCCESS if count else messages.WARNING)


def _staff(request: HttpRequest) -> AbstractBaseUser | None:
    return request.user if isinstance(request.user, AbstractBaseUser) else None
