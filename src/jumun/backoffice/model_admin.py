from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest

from jumun.backoffice.checked_list import CheckedList
from jumun.backoffice.large_list import search

if TYPE_CHECKING:
    DjangosModelAdmin = admin.ModelAdmin[Any]
else:
    DjangosModelAdmin = admin.ModelAdmin  # takes no type argument at run time


class ModelAdmin(DjangosModelAdmin):
    """What all of Jumun's lists have in common, in whichever admin site they are registered: a search that normalises
    its words, and our styles.
    """

    change_list_template = "jumun/backoffice/list.html"

    class Media:
        css = {"all": ["jumun/backoffice/pages.css"]}

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Raises `BadRequest` for a filter with NUL, which PostgreSQL cannot compare with."""
        if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
            raise BadRequest("the list's address holds NUL")
        return super().get_changelist_instance(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CheckedList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Never with duplicates."""
        return search(queryset, tuple(self.get_search_fields(request)), search_term), False
