from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from jumun.backoffice.large_list import LargePaginator
from jumun.backoffice.model_admin import ModelAdmin

# In the form in which Django stores changes and translates them.
STATE_CHANGED = [{"changed": {"fields": ["State"]}}]


class ReadOnlyAdmin(ModelAdmin):
    """Rows that staff with Django's view permission can see, and that nobody edits in a form."""

    paginator = LargePaginator
    # It would count the whole table once more.
    show_full_result_count = False
    list_per_page = 50
    # Counting each choice of each filter would take longer than the rest of the page.
    show_facets = admin.ShowFacets.NEVER
    # Columns of up to a megabyte that no list shows.
    large_fields: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*self.large_fields)

    @admin.display(description=mark_safe('<input type="checkbox" id="action-toggle">'))
    def action_checkbox(self, obj: Any) -> SafeString:
        """Django renders a form widget for each row: with it, a page of fifty orders takes 23 % longer."""
        label = gettext("Select %(row)s") % {"row": obj}
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            *(ACTION_CHECKBOX_NAME, obj.pk, label),
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Django's title, "Select ... to view", does not work in Korean for every noun."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def viewed(self, request: HttpRequest, object_id: str) -> Any:
        """The row for a page of its own, in place of Django's form. Raises `PermissionDenied` and `Http404`."""
        row = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        return row

    def may_decide(self, request: HttpRequest) -> bool:
        """Whether the user has Django's change permission, which here allows the few decisions that staff make."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class QueueAdmin(ReadOnlyAdmin):
    """Rows that the worker processes; parked rows can be tried again."""

    actions = ("try_again",)
    list_filter: ClassVar[Any] = ("state",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self.may_decide(request)

    @admin.action(description=_("Try parked rows again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Requeue those of the selected rows that can be requeued."""
        moved = [row for row in rows if row.requeue()]
        for row in moved:
            # The row's history records who did it, as does the timeline of its order, if any.
            self.log_change(request, row, STATE_CHANGED)
        count = len(moved)
        message = ngettext("%(count)d row will be tried again.", "%(count)d rows will be tried again.", count)
        self.message_user(request, message % {"count": count}, messages.SUCCESS if count else messages.WARNING)
