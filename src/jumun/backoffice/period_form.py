from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jumun.business_day import business_day


class PeriodForm(forms.Form):
    """A range of days in the shop's time zone, both inclusive."""

    first = forms.DateField(label=_("From"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "first" in cleaned and "last" in cleaned and cleaned["last"] < cleaned["first"]:
            self.add_error("last", _("The last day is before the first."))
        return cleaned

    @staticmethod
    def last_month() -> dict[str, date]:
        """The usual period of bookkeeping."""
        last = business_day().replace(day=1) - timedelta(days=1)
        return {"first": last.replace(day=1), "last": last}
