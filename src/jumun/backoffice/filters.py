"""Filters of the order list."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.orders.models import Order

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class PlacedFilter(admin.SimpleListFilter):
    """When the order was placed, by the shop's calendar."""

    title = _("placed")
    parameter_name = "placed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> "list[tuple[str, _StrPromise]]":
        return [
            ("today", _("today")),
            ("week", _("the last 7 days")),
            ("month", _("this month")),
            ("last-month", _("last month")),
            ("year", _("this year")),
            ("last-year", _("last year")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        name = self.value()
        if name is None:
            return queryset
        periods = periods_at(timezone.localtime())
        if name not in periods:
            raise IncorrectLookupParameters(f"no such period: {name}")
        start, end = periods[name]
        return queryset.filter(placed_at__gte=start, placed_at__lt=end)


def periods_at(now: datetime) -> dict[str, tuple[datetime, datetime]]:
    """Beginning and end (exclusive) of the periods of `PlacedFilter`, in the time zone of ``now``."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    month, year = midnight.replace(day=1), midnight.replace(month=1, day=1)
    return {
        "today": (midnight, tomorrow),
        "week": (midnight - timedelta(days=6), tomorrow),
        "month": (month, tomorrow),
        "last-month": ((month - timedelta(days=1)).replace(day=1), month),
        "year": (year, tomorrow),
        "last-year": (year.replace(year=year.year - 1), year),
    }


class _ValueFilter(admin.SimpleListFilter):
    """One of the values that a column has; shown where there is a choice."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in _distinct(self.parameter_name)]

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


def _distinct(column: str) -> list[str]:
    """The values that ``column``, which is indexed, has: from each one straight to the next, whatever lies between."""
    name, table = (connection.ops.quote_name(part) for part in (column, Order._meta.db_table))
    with connection.cursor() as cursor:
        # The names are our own models'.
        cursor.execute(
            f"WITH RECURSIVE found(value) AS (SELECT min({name}) FROM {table} UNION ALL"  # noqa: S608
            f" SELECT (SELECT min({name}) FROM {table} WHERE {name} > value) FROM found WHERE value IS NOT NULL)"
            " SELECT value FROM found WHERE value IS NOT NULL"
        )
        return [value for (value,) in cursor.fetchall()]


class CountryFilter(_ValueFilter):
    title = _("country")
    parameter_name = "country"


class CurrencyFilter(_ValueFilter):
    title = _("currency")
    parameter_name = "currency"
