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

# As Django writes it for its own forms, and translates it when it is shown.
STATE_CHANGED = [{"changed": {"fields": ["State"]}}]


class ReadOnlyAdmin(ModelAdmin):
    """Rows that staff with Django's view permission may look at, and that nobody edits in a form."""

    paginator = LargePaginator
    # It would be a second count over the whole table, for one number on the page.
    show_full_result_count = False
    list_per_page = 50
    # Counting each choice of each filter takes longer than everything else on the page.
    show_facets = admin.ShowFacets.NEVER
    # Columns that may hold a megabyte a row and that no list shows.
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
        """Django's title is "Select ... to view", which its Korean catalogue cannot say well of every noun."""
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
        """Whether the user has Django's change permission, which here stands for the few decisions that staff take."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class QueueAdmin(ReadOnlyAdmin):
    """Rows that the worker takes care of; what it has given up can be sent round again."""

    actions = ("try_again",)
    list_filter: ClassVar[Any] = ("state",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self.may_decide(request)

    @admin.action(description=_("Try parked rows again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Make due now what may be done again of the selected rows; the others stay as they are."""
        moved = [row for row in rows if row.requeue()]
        for row in moved:
            # Who did it is in the row's history as well as in the timeline of its order, if it has one.
            self.log_change(request, row, STATE_CHANGED)
        count = len(moved)
        said = ngettext("%(count)d row will be tried again.", "%(count)d rows will be tried again.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS if count else messages.WARNING)
