from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from jumun import money
from jumun.payments.keys import new_key
from jumun.payments.models import Payment, Refund


class RefundForm(forms.Form):
    """How much of a payment goes back, and why. ``key`` makes of one form one refund, however often it is sent."""

    amount = forms.CharField(label=_("Amount"), max_length=money.TEXT_LENGTH_MAX)
    reason = forms.ChoiceField(
        label=_("Reason"), required=False, choices=[("", _("another reason")), *Refund.Reason.choices]
    )
    confirmed = forms.BooleanField(label=_("Give this money back. It cannot be undone."))
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, payment: Payment, data: Any = None) -> None:
        self.payment = payment
        left = money.to_decimal(payment.refundable_minor, payment.currency)
        super().__init__(data, initial={"amount": f"{left:f}", "key": new_key()})
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean_amount(self) -> int:
        """The amount in minor units."""
        try:
            return money.parse(self.cleaned_data["amount"], self.payment.currency, get_language() or "en")
        except money.MoneyError as error:
            raise ValidationError(
                _("This is no amount in %(currency)s.") % {"currency": self.payment.currency}
            ) from error
