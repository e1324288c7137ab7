from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jumun import money
from jumun.backoffice.amount_input import amount_text, read_amount
from jumun.conf import jumun
from jumun.form_fields import LinesField, TextField
from jumun.orders.checked import TAX_RATE_PPM_MIN
from jumun.storefront.models import Category, Product

PPM_PER_PERCENT = 10_000
TAX_RATE_PERCENT_MIN = Decimal(TAX_RATE_PPM_MIN) / PPM_PER_PERCENT


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no type argument at run time
    class Meta:
        model = Category
        fields = ("slug", "name_ko", "name_en", "position")
        field_classes = dict.fromkeys(("name_ko", "name_en"), TextField)


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """A product, with price and tax rate as people write them instead of minor units and parts per million."""

    price = forms.CharField(label=_("Price, tax included"), max_length=money.TEXT_LENGTH_MAX)
    tax_rate_percent = forms.DecimalField(label=_("Tax rate (%)"), min_value=0, max_value=100, decimal_places=4)

    class Meta:
        model = Product
        fields = (
            *("sku", "slug", "category", "name_ko", "name_en", "description_ko", "description_en", "picture"),
            *("currency", "price", "tax_rate_percent", "untaxed_as", "stock_quantity", "position", "active"),
        )
        field_classes = {
            **dict.fromkeys(("sku", "name_ko", "name_en", "picture"), TextField),
            **dict.fromkeys(("description_ko", "description_en"), LinesField),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product = self.instance
        if product.pk:
            self.initial["price"] = amount_text(product.price_minor, product.currency)
        else:
            self.initial["currency"] = jumun().currency
        self.initial["tax_rate_percent"] = f"{(Decimal(product.tax_rate_ppm) / PPM_PER_PERCENT).normalize():f}"

    def clean_currency(self) -> str:
        try:
            currency = money.currency_code(self.cleaned_data["currency"])
        except money.MoneyError as error:
            raise forms.ValidationError(_("This is not an ISO 4217 currency code.")) from error
        try:
            money.charge_min_minor(currency)
        except money.MoneyError as error:
            message = _("Stripe takes no payments in %(currency)s.")
            raise forms.ValidationError(message, params={"currency": currency}) from error
        return currency

    def clean_tax_rate_percent(self) -> Decimal:
        percent: Decimal = self.cleaned_data["tax_rate_percent"]
        if 0 < percent < TAX_RATE_PERCENT_MIN:
            # Otherwise `Order.place` would refuse it.
            raise forms.ValidationError(
                _("0, or at least %(minimum)s."), params={"minimum": f"{TAX_RATE_PERCENT_MIN.normalize():f}"}
            )
        return percent

    def clean_stock_quantity(self) -> int:
        stock_quantity: int = self.cleaned_data["stock_quantity"]
        taken_quantity = self.instance.reserved_quantity + self.instance.sold_quantity
        if stock_quantity < taken_quantity:
            raise forms.ValidationError(
                _("At least %(count)s: so many are sold or reserved."), params={"count": taken_quantity}
            )
        return stock_quantity

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "price" in cleaned and "currency" in cleaned:
            try:
                self.instance.price_minor = read_amount(cleaned["price"], cleaned["currency"])
            except forms.ValidationError as error:
                self.add_error("price", error)
        if "tax_rate_percent" in cleaned:
            self.instance.tax_rate_ppm = int(cleaned["tax_rate_percent"] * PPM_PER_PERCENT)
        return cleaned
