"""Form fields that normalise text with `jumun.text`, so that a text of invisible characters counts as missing.

NUL stays in the text, and Django's own validator refuses it.
"""

from typing import Any

from django import forms
from django.core.validators import EmailValidator

from jumun import email_addresses, text


class TextField(forms.CharField):
    """One line of text."""

    keep_lines = False

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        return typed if text.is_damaged(typed) else text.normalized(typed, keep_lines=self.keep_lines)

    def prepare_value(self, value: Any) -> Any:
        """Composed, because not every font draws the parts of a decomposed syllable."""
        return text.normalized(value, keep_lines=self.keep_lines) if isinstance(value, str) else value


class LinesField(TextField):
    """Several lines of text."""

    keep_lines = True
    widget = forms.Textarea


class CodeField(forms.CharField):
    """A postal code, telephone number or other code, typed on any keyboard."""

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        return typed if text.is_damaged(typed) else text.code(typed)


class EmailField(forms.CharField):
    """An e-mail address that Stripe and mail servers take."""

    widget = forms.EmailInput
    default_error_messages = {"invalid": EmailValidator.message}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": email_addresses.LENGTH_MAX} | kwargs)

    def to_python(self, value: Any) -> str:
        try:
            return email_addresses.normalized(super().to_python(value) or "")
        except email_addresses.InvalidEmail as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
