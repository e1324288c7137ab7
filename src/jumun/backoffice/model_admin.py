from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from jumun.backoffice.checked_list import CheckedList, offered_lookups
from jumun.backoffice.large_list import search, words_of
from jumun.views import RequestRefused

# Each word is searched in each field separately.
SEARCH_MAX_WORDS = 8
SEARCH_MAX_CHARS = 200


class ModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes no type argument at run time
    """The base of Jumun's admins: strict filters, a search that normalises and limits its words, and our styles."""

    change_list_template = "jumun/backoffice/list.html"
    # Lookups that an address may use in addition to the filters.
    extra_lookups: ClassVar[tuple[str, ...]] = ()
    # Permissions for search fields that reveal more than the list's view permission.
    search_permissions: ClassVar[dict[str, str]] = {}

    class Media:
        css = {"all": ["jumun/backoffice/pages.css"]}

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Raises `RequestRefused` for NUL, which PostgreSQL cannot store."""
        if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
            raise RequestRefused(_("The address holds characters that no text has."))
        return super().get_changelist_instance(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CheckedList

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Whether a filter offers it; Django would allow every lookup of every column."""
        filters = self.get_list_filter(request) if request else self.list_filter
        return lookup in self.extra_lookups or any(lookup in offered_lookups(self.model, item) for item in filters)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """The fields that the user may see: a search result reveals their content."""
        needed = self.search_permissions
        return [
            field
            for field in super().get_search_fields(request)
            if field not in needed or request.user.has_perm(needed[field])
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Without duplicates. Raises `RequestRefused` for a search that is too long."""
        if len(search_term) > SEARCH_MAX_CHARS or len(words_of(search_term)) > SEARCH_MAX_WORDS:
            message = _("A search may have at most %(words)s words and %(chars)s characters.")
            raise RequestRefused(message % {"words": SEARCH_MAX_WORDS, "chars": SEARCH_MAX_CHARS})
        return search(queryset, tuple(self.get_search_fields(request)), search_term), False
