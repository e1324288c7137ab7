from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from jumun import money
from jumun.backoffice.amount_input import amount_text, read_amount
from jumun.payments.models import Payment, Refund
from jumun.payments.refunds.lines import Left, left_of

AMOUNT, LINES = "amount", "lines"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the order with its two fields."""

    left: Left
    quantity: forms.BoundField
    restock: forms.BoundField


class RefundForm(forms.Form):
    """How much of a payment, or which pieces of its order, go back, why, and what goes back on the shelf.

    ``key`` makes of one form one refund, however often it is sent.
    """

    what = forms.ChoiceField(
        label=_("What is refunded"),
        required=False,
        choices=[(AMOUNT, _("an amount")), (LINES, _("items, at their price"))],
        widget=forms.RadioSelect,
        initial=AMOUNT,
    )
    amount = forms.CharField(label=_("Amount"), required=False, max_length=money.TEXT_LENGTH_MAX)
    reason = forms.ChoiceField(
        label=_("Reason"), required=False, choices=[("", _("another reason")), *Refund.Reason.choices]
    )
    confirmed = forms.BooleanField(label=_("Give this money back. It cannot be undone."))
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, payment: Payment, data: Any = None, *, amount_minor: int | None = None) -> None:
        """``amount_minor`` is proposed where so much is left, else all that is left."""
        self.payment = payment
        # What was paid beside the order paid for no goods.
        self._left = left_of(payment) if payment.settles_order else []
        left_minor = payment.refundable_minor
        proposed_minor = left_minor if amount_minor is None else min(amount_minor, left_minor)
        amount = amount_text(proposed_minor, payment.currency)
        super().__init__(data, initial={"amount": amount, "key": str(uuid4())})
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
        if not self._left:
            del self.fields["what"]
        for left in self._left:
            self.fields[f"quantity_{left.line.position}"] = _pieces(_("Refund"), left.quantity)
            self.fields[f"restock_{left.line.position}"] = _pieces(_("Back into stock"), left.restock_quantity)

    def rows(self) -> Iterator[Row]:
        for left in self._left:
            at = left.line.position
            yield Row(left, self[f"quantity_{at}"], self[f"restock_{at}"])

    def clean(self) -> dict[str, Any]:
        """``amount`` in minor units or ``None``, ``lines`` or ``None``, and ``restock``."""
        data = super().clean() or self.cleaned_data
        lines = self._chosen("quantity")
        by_line = data.get("what") == LINES
        if by_line and not lines:
            self.add_error("what", _("Please say how many of which item."))
        if lines and not by_line:
            self.add_error("what", _("Items are chosen as well as an amount. Please choose one of the two."))
        data["lines"] = lines if by_line else None
        data["restock"] = self._chosen("restock")
        data["amount"] = None if by_line else self._amount_minor(data.get("amount", ""))
        return data

    def _chosen(self, name: str) -> dict[int, int]:
        positions = [left.line.position for left in self._left]
        chosen = {at: self.cleaned_data.get(f"{name}_{at}") for at in positions}
        return {at: quantity for at, quantity in chosen.items() if quantity}

    def _amount_minor(self, text: str) -> int | None:
        try:
            return read_amount(text, self.payment.currency)
        except ValidationError as error:
            self.add_error("amount", error)
            return None


def _pieces(label: Any, left: int) -> forms.IntegerField:
    widget = forms.NumberInput({"autocomplete": "off"})
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=left, initial=0, widget=widget, disabled=not left
    )
