from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jumun import languages


class ExportForm(forms.Form):
    """The format of exported orders. Without options: one row an order, column names for programs, no BOM."""

    shape = forms.ChoiceField(
        label=_("Rows"),
        choices=[("orders", _("one row an order")), ("lines", _("one row an item"))],
        required=False,
    )
    language = forms.ChoiceField(label=_("Header"), required=False)
    bom = forms.BooleanField(label=_("For Excel (UTF-8 with BOM)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        if isinstance(language, forms.ChoiceField):
            language.choices = [*languages.offered(), ("", _("names for programs"))]

    def options(self) -> dict[str, Any]:
        """The keyword arguments of `jumun.exports.download.csv_response`; the form must be valid."""
        return {
            "per_line": self.cleaned_data["shape"] == "lines",
            "language": self.cleaned_data["language"] or None,
            "bom": self.cleaned_data["bom"],
        }
