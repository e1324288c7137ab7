"""Lists of millions of rows: no page and no search may read all of them.

- Counting stops at `COUNTED_MAX`. A list without filter or search still reaches its last page: its length is taken
  from the range of its ids, which is never too short.
- A page is found by its ids only, from the nearer end of the list.
- A search queries each column separately, so that each query uses its own index, and takes the newest matches.
"""

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connections
from django.db.models import Max, Min, QuerySet
from django.utils.text import smart_split, unescape_string_literal

from jumun.text import half_width, normalized

COUNTED_MAX = 10_000
_LOOKUPS = {"=": "iexact", "^": "istartswith"}


class LargePaginator(Paginator):  # type: ignore[type-arg]  # takes no type argument at run time
    """Pages of a queryset with a total order."""

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        """The number of rows; `COUNTED_MAX` if a filter leaves more."""
        found: int = self.object_list.order_by().values("pk")[: COUNTED_MAX + 1].count()
        if found <= COUNTED_MAX:
            return found
        return COUNTED_MAX if self._is_filtered else max(found, self._id_range())

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than pages show."""
        return self._is_filtered and self.count == COUNTED_MAX

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        last = min(first + self.per_page, self.count)
        ids = self.object_list.values_list("pk", flat=True)
        if not self._is_filtered and first > self.count // 2:
            ids = ids.reverse()[self.count - last : self.count - first]
        else:
            ids = ids[first:last]
        return Page(self.object_list.filter(pk__in=list(ids)), number, self)

    @property
    def _is_filtered(self) -> bool:
        return bool(self.object_list.query.where)

    def _id_range(self) -> int:
        # Two queries, which use the index; for one query of both ends SQLite reads all rows.
        first, last = (self.object_list.order_by().aggregate(pk=end("pk"))["pk"] for end in (Min, Max))
        return int(last - first + 1)


def words_of(text: str) -> list[str]:
    """The words of a search; a quotation counts as one word."""
    return [_unquoted(word) for word in smart_split(normalized(text))]


def search(rows: QuerySet[Any], fields: tuple[str, ...], text: str) -> QuerySet[Any]:
    """The ``rows`` that contain every word of ``text`` in one of ``fields``, named as in `ModelAdmin.search_fields`.

    Full-width characters also match ASCII. PostgreSQL finds at most the newest `COUNTED_MAX` matches of each field.
    """
    for word in words_of(text):
        spellings = dict.fromkeys([word, half_width(word)])
        matches = [_matches(rows, field, spelling) for field in fields for spelling in spellings]
        first, *others = matches or [rows.none()]
        rows = rows.filter(pk__in=first.union(*others, all=True))
    return rows


def _unquoted(word: str) -> str:
    is_quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "\"'"
    return unescape_string_literal(word) if is_quoted else word


def _matches(rows: QuerySet[Any], field: str, word: str) -> QuerySet[Any]:
    name, lookup = (field[1:], _LOOKUPS[field[0]]) if field[0] in _LOOKUPS else (field, "icontains")
    everything: QuerySet[Any] = rows.model._base_manager.using(rows.db).all()
    found = everything.filter(**{f"{name}__{lookup}": word}).values("pk")
    if connections[rows.db].features.supports_slicing_ordering_in_compound:
        return found.order_by("-pk")[:COUNTED_MAX]
    return found.order_by()
