"""A list whose address may name only what its filters offer.

Django ignores some of what it does not know and finds no row for the rest. An empty file then looks like an answer.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, FieldDoesNotExist
from django.db.models import QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.utils.translation import gettext as _

YES_OR_NO = ("0", "1", "True", "False")


class CheckedList(ChangeList):
    """Raises `BadRequest`, which Django answers with 400, for an unknown filter or a value that a filter lacks."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        try:
            return super().get_queryset(request, exclude_parameters)
        except IncorrectLookupParameters as error:
            raise BadRequest(str(error)) from error

    def get_filters(self, request: HttpRequest) -> Any:
        for name, values in self.get_filters_params().items():
            _check(name, values, self._offered(name))
        found = super().get_filters(request)
        for spec in found[0]:
            for name, values in spec.used_parameters.items():
                if name == getattr(spec, "lookup_kwarg", getattr(spec, "parameter_name", None)):
                    _check(name, values if isinstance(values, list) else [values], _choices(spec))
        return found

    def _offered(self, name: str) -> set[str] | None:
        """The values of a column with choices, under whichever of its lookups; None where any value may stand."""
        *path, lookup = name.split(LOOKUP_SEP)
        if lookup == "isnull":
            return set(YES_OR_NO)
        path = path if lookup in {"exact", "in"} else [*path, lookup]
        try:
            field = get_fields_from_path(self.model, LOOKUP_SEP.join(path))[-1]
        except (FieldDoesNotExist, NotRelationField):
            return None
        return {str(value) for value, _label in getattr(field, "flatchoices", ())} or None


def _choices(spec: Any) -> set[str] | None:
    """What a filter lists: pairs of value and label, or values alone."""
    listed: Iterable[Any] | None = getattr(spec, "lookup_choices", None)
    if listed is None:
        return None
    return {str(choice[0] if isinstance(choice, tuple) else choice) for choice in listed}


def _check(name: str, values: list[Any], offered: set[str] | None) -> None:
    if offered is None:
        return
    for value in (part for text in values for part in (text.split(",") if name.endswith("__in") else [text])):
        if str(value) not in offered:
            told = _("%(value)s is not a value of the filter %(name)s.")
            raise IncorrectLookupParameters(told % {"value": repr(value), "name": name})
