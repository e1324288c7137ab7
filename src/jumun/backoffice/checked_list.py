"""A list that accepts only the filters and values that it offers.

Django ignores some unknown filters and finds no row for others, so an empty export would look like an answer. It also
lets an address compare any column in any way: whoever may see a list could find out, letter by letter, a column that
the list hides, such as an order's reference (``?reference__startswith=A``).
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.utils.translation import gettext as _

from jumun.views import RequestRefused

YES_OR_NO = ("0", "1", "True", "False")
# More than any filter offers. Limits the size of the query.
VALUES_MAX = 50


class CheckedList(ChangeList):
    """Raises `RequestRefused` (400) for an unknown filter or value."""

    # A `jumun.backoffice.model_admin.ModelAdmin`.
    model_admin: Any

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        try:
            return super().get_queryset(request, exclude_parameters)
        except IncorrectLookupParameters as error:
            raise RequestRefused(str(error)) from error

    def get_filters(self, request: HttpRequest) -> Any:
        for name, values in self.get_filters_params().items():
            self._check_name(request, name, values[0])
            _check(name, values, self._offered(name))
        found = super().get_filters(request)
        for name in found[2]:
            # Used by no filter.
            if name not in self.model_admin.extra_lookups:
                _refuse_name(name)
        for spec in found[0]:
            for name, values in spec.used_parameters.items():
                if name == getattr(spec, "lookup_kwarg", getattr(spec, "parameter_name", None)):
                    _check(name, values if isinstance(values, list) else [values], _choices(spec))
        return found

    def _check_name(self, request: HttpRequest, name: str, value: str) -> None:
        if not self.model_admin.lookup_allowed(name, value, request):
            _refuse_name(name)

    def _offered(self, name: str) -> set[str] | None:
        """The values of a column with choices; ``None`` if any value is allowed."""
        *path, lookup = name.split(LOOKUP_SEP)
        if lookup == "isnull":
            return set(YES_OR_NO)
        path = path if lookup in {"exact", "in"} else [*path, lookup]
        try:
            field = get_fields_from_path(self.model, LOOKUP_SEP.join(path))[-1]
        except (FieldDoesNotExist, NotRelationField):
            return None
        return {str(value) for value, _label in getattr(field, "flatchoices", ())} or None


def offered_lookups(model: type[Model], list_filter: Any) -> set[str]:
    """The lookups that an address may use for one entry of `ModelAdmin.list_filter`."""
    if hasattr(list_filter, "parameter_name"):
        return {list_filter.parameter_name}
    path = list_filter[0] if isinstance(list_filter, tuple) else list_filter
    field: Any = get_fields_from_path(model, path)[-1]
    exact = f"{path}__{field.target_field.name}__exact" if field.is_relation else f"{path}__exact"
    return {path, exact, f"{path}__isnull", f"{path}__isempty"}


def _refuse_name(name: str) -> None:
    raise IncorrectLookupParameters(_("This list has no filter %(name)s.") % {"name": name})


def _choices(spec: Any) -> set[str] | None:
    """The values of a filter, which lists pairs of value and label, or values only."""
    listed: Iterable[Any] | None = getattr(spec, "lookup_choices", None)
    if listed is None:
        return None
    return {str(choice[0] if isinstance(choice, tuple) else choice) for choice in listed}


def _check(name: str, values: list[Any], offered: set[str] | None) -> None:
    parts = [part for text in values for part in (str(text).split(",") if name.endswith("__in") else [text])]
    if len(parts) > VALUES_MAX:
        message = _("The filter %(name)s has more than %(count)s values.")
        raise IncorrectLookupParameters(message % {"name": name, "count": VALUES_MAX})
    if offered is None:
        return
    for value in parts:
        if str(value) not in offered:
            message = _("%(value)s is not a value of the filter %(name)s.")
            raise IncorrectLookupParameters(message % {"value": repr(value), "name": name})
