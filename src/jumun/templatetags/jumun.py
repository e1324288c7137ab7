"""``{% load jumun %}``: amounts, times, countries and cards as people write them in the active language."""

from datetime import datetime
from decimal import Decimal

import phonenumbers
from babel import Locale
from babel.dates import format_date
from django import template
from django.utils.translation import get_language

from jumun import languages
from jumun import money as jumun_money
from jumun.invoices.compose import buyer_of
from jumun.invoices.payment_methods import PaidWith, method_text
from jumun.invoices.printed import address_lines
from jumun.orders.models import Order
from jumun.shop_day import shop_time

register = template.Library()


def _language() -> str:
    return get_language() or "en"


def _locale() -> Locale:
    return Locale.parse(_language(), sep="-")


@register.simple_tag
def jumun_languages() -> list[tuple[str, str]]:
    """``{% jumun_languages as languages %}``: code and name of each language that the switch offers."""
    return languages.switchable()


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """``{{ order.total_minor|money:order.currency }}``: "₩32,000"."""
    return jumun_money.format(amount_minor, currency, _language())


@register.filter
def stripe_money(amount: int, currency: str) -> str:
    """The same for what Stripe reports of its balance, in Stripe's minor units."""
    return jumun_money.format_stripe(amount, currency, _language())


@register.filter
def percent(rate_ppm: int) -> str:
    """A tax rate in parts per million as a percentage without needless zeros: 100000 is "10%"."""
    return f"{Decimal(rate_ppm).scaleb(-4).normalize():f}%"


@register.filter
def moment(at: datetime) -> str:
    """Day and time in the shop's time zone: "Nov 24, 2026 18:01"."""
    local = shop_time(at)
    return f"{format_date(local, 'medium', _locale())} {local:%H:%M}"


@register.filter
def phone(e164: str) -> str:
    """A telephone number in groups: "+82 10-2345-6789"."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@register.filter
def delivery(order: Order) -> list[str]:
    """Where an order goes, line by line as its country writes it, with the country at the end."""
    buyer = buyer_of(order)
    lines = [buyer.name, *address_lines(buyer, _locale().language), country(buyer.country)]
    return [line for line in lines if line]


@register.filter
def country(code: str) -> str:
    """A country's name; a code that nobody knows is shown as it is."""
    name: str = _locale().territories.get(code, code)
    return name


@register.filter
def payment_method(paid: PaidWith) -> str:
    """``{{ payment|payment_method }}``: "Visa •••• 4242", "Kakao Pay"; nothing while it is not known."""
    return method_text(paid, _locale().language)
