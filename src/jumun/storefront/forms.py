import re
from typing import Any

import phonenumbers
from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from jumun import tax_ids
from jumun.countries import NEEDS_POSTAL_CODE, country_choices
from jumun.form_fields import CodeField, EmailField, TextField
from jumun.orders.customer_and_items import Customer
from jumun.storefront.cart import QUANTITY_MAX

KOREAN_POSTAL_CODE = re.compile(r"[0-9]{5}")


class QuantityForm(forms.Form):
    quantity = forms.IntegerField(
        label=_("Quantity"),
        min_value=0,
        max_value=QUANTITY_MAX,
        error_messages={
            "required": _("Please say how many."),
            "invalid": _("Please give the quantity as a whole number."),
            "min_value": _("Please give a quantity of at least %(limit_value)s."),
            "max_value": _("At most %(limit_value)s of one item can be ordered at once."),
        },
    )


class StepForm(forms.Form):
    """Change a quantity by ``step``, which may be negative."""

    step = forms.IntegerField(min_value=-QUANTITY_MAX, max_value=QUANTITY_MAX)


def _country_choices() -> list[tuple[str, str]]:
    return country_choices(get_language() or "en")


class CountrySelect(forms.Select):
    """All 250 options in one template: Django renders one for each, which takes three times as long."""

    template_name = "jumun/storefront/_country_select.html"


class CheckoutForm(forms.Form):
    """The customer and the delivery address. The limits are those of the order's columns."""

    name = TextField(
        label=_("Name"),
        max_length=200,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": _("Please give your name.")},
    )
    email = EmailField(
        label=_("E-mail"),
        help_text=_("The invoice is sent there."),
        widget=forms.EmailInput({"autocomplete": "email", "inputmode": "email"}),
        error_messages={
            "required": _("Please give your e-mail address."),
            "invalid": _("This e-mail address cannot be used. Write it in English letters, like name@example.com."),
        },
    )
    country = forms.ChoiceField(
        label=_("Country"),
        choices=_country_choices,
        widget=CountrySelect({"autocomplete": "country"}),
        error_messages={"required": _("Please choose a country."), "invalid_choice": _("Please choose a country.")},
    )
    postal_code = CodeField(
        label=_("Postal code"), required=False, max_length=20, widget=forms.TextInput({"autocomplete": "postal-code"})
    )
    city = TextField(
        label=_("City"),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "address-level2"}),
        error_messages={"required": _("Please give the city.")},
    )
    address = TextField(
        label=_("Address"),
        help_text=_("Street, house number and, if there is one, apartment."),
        max_length=300,
        widget=forms.TextInput({"autocomplete": "address-line1"}),
        error_messages={"required": _("Please give the address.")},
    )
    phone = CodeField(
        label=_("Phone"),
        help_text=_("For the courier only."),
        max_length=40,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        error_messages={"required": _("Please give a phone number.")},
    )

    tax_id = CodeField(
        label=_("Tax identifier"),
        help_text=_("For businesses: the business registration number or VAT identifier that the invoice is to name."),
        required=False,
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Check the fields whose form depends on the country."""
        data = super().clean() or self.cleaned_data
        country = data.get("country", "")
        if country and "postal_code" in data:
            self._check_postal_code(country, data["postal_code"])
        if country and "phone" in data:
            data["phone"] = self._e164(country, data["phone"])
        if country and data.get("tax_id"):
            data["tax_id"] = self._tax_id(country, data["tax_id"])
        return data

    def _tax_id(self, country: str, text: str) -> str:
        try:
            return tax_ids.normalized(text, country)
        except tax_ids.InvalidTaxId:
            self.add_error("tax_id", _tax_id_error(country))
            return ""

    def _check_postal_code(self, country: str, code: str) -> None:
        if not code and country in NEEDS_POSTAL_CODE:
            self.add_error("postal_code", _("Please give the postal code."))
        elif country == "KR" and not KOREAN_POSTAL_CODE.fullmatch(code):
            self.add_error("postal_code", _("A Korean postal code has five digits, such as 04524."))

    def _e164(self, country: str, phone: str) -> str:
        """The number in E.164; without a country code it is a number of ``country``."""
        try:
            number = phonenumbers.parse(phone, country)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_valid_number(number):
            self.add_error("phone", _phone_error(country))
            return ""
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def customer(self) -> Customer:
        """The cleaned data of a valid form."""
        names = ("name", "email", "address", "postal_code", "city", "country", "phone", "tax_id")
        return Customer(**{name: self.cleaned_data[name] for name in names})


def _tax_id_error(country: str) -> str:
    if country == "KR":
        return gettext(
            "This is not a business registration number. Check its ten digits; it is written like 123-45-67891."
        )
    if country in tax_ids.EU:
        return gettext("This is not a VAT identifier. Check it; it begins with two letters, like DE136695976.")
    return gettext("This is not a tax identifier.")


def _phone_error(country: str) -> str:
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return gettext("This is not a phone number. Begin with + and the country's number.")
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    return gettext(
        "This is not a phone number of the chosen country. "
        "Write it like %(example)s, or begin with + and the country's number."
    ) % {"example": national}
