from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day, day_start
from jumun.orders.models import Order

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class PeriodFilter(admin.SimpleListFilter):
    """Times within a period of the shop's calendar."""

    column: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> "list[tuple[str, _StrPromise]]":
        return [
            ("today", _("today")),
            ("week", _("the last 7 days")),
            ("month", _("this month")),
            ("last-month", _("last month")),
            ("year", _("this year")),
            ("last-year", _("last year")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        period = periods(business_day()).get(self.value() or "")
        if period is None:
            return queryset
        return queryset.filter(**{f"{self.column}__gte": period[0], f"{self.column}__lt": period[1]})


class PlacedFilter(PeriodFilter):
    title = _("placed")
    parameter_name = "placed"
    column = "placed_at"


class IssuedFilter(PeriodFilter):
    title = _("issued")
    parameter_name = "issued"
    column = "issued_at"


def periods(today: date) -> dict[str, tuple[datetime, datetime]]:
    """Start and end (exclusive) of the periods of `PeriodFilter`."""
    tomorrow = today + timedelta(days=1)
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    days = {
        "today": (today, tomorrow),
        "week": (today - timedelta(days=6), tomorrow),
        "month": (month, tomorrow),
        "last-month": ((month - timedelta(days=1)).replace(day=1), month),
        "year": (year, tomorrow),
        "last-year": (year.replace(year=year.year - 1), year),
    }
    return {name: (day_start(first), day_start(end)) for name, (first, end) in days.items()}


class _Used:
    """Django hides a filter with a single choice and then ignores it; this one works if the address names it."""

    used_parameters: dict[str, Any]

    def has_output(self) -> bool:
        return bool(self.used_parameters) or super().has_output()  # type: ignore[misc]  # the filter's


class RelatedFilter(_Used, admin.RelatedFieldListFilter):
    pass


class ColumnFilter(_Used, admin.AllValuesFieldListFilter):
    pass


class _IndexedColumnFilter(admin.SimpleListFilter):
    """The values of an indexed column of the orders; shown if there is more than one."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in _distinct(self.parameter_name)]

    def has_output(self) -> bool:
        return bool(self.used_parameters) or len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


def _distinct(column: str) -> list[str]:
    """The values of an indexed column, found by jumping in the index from each value to the next."""
    name, table = (connection.ops.quote_name(part) for part in (column, Order._meta.db_table))
    with connection.cursor() as cursor:
        # The names are our own models'.
        cursor.execute(
            f"WITH RECURSIVE found(value) AS (SELECT min({name}) FROM {table} UNION ALL"  # noqa: S608
            f" SELECT (SELECT min({name}) FROM {table} WHERE {name} > value) FROM found WHERE value IS NOT NULL)"
            " SELECT value FROM found WHERE value IS NOT NULL"
        )
        return [value for (value,) in cursor.fetchall()]


class CountryFilter(_IndexedColumnFilter):
    title = _("country")
    parameter_name = "country"


class CurrencyFilter(_IndexedColumnFilter):
    title = _("currency")
    parameter_name = "currency"
