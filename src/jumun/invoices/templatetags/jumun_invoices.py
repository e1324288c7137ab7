"""``{% load jumun_invoices %}``: addresses and payment methods as documents print them, in the active language."""

from django import template
from django.utils.translation import get_language

from jumun.invoices.compose import buyer_of
from jumun.invoices.documents.payment_methods import PaidWith, method_text
from jumun.invoices.documents.printed import address_lines
from jumun.orders.models import Order
from jumun.templatetags.jumun import country

register = template.Library()


def _language() -> str:
    return (get_language() or "en").partition("-")[0]


@register.filter
def delivery(order: Order) -> list[str]:
    """The delivery address, line by line as its country writes it, with the country at the end."""
    buyer = buyer_of(order)
    return [line for line in (buyer.name, *address_lines(buyer, _language()), country(buyer.country)) if line]


@register.filter
def payment_method(paid: PaidWith) -> str:
    """``{{ payment|payment_method }}``: "Visa •••• 4242", "Kakao Pay"; empty while it is not known."""
    return method_text(paid, _language())
