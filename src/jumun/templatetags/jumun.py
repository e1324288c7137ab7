"""``{% load jumun %}``: amounts, times, telephone numbers and countries in the active language."""

from datetime import datetime
from decimal import Decimal

import phonenumbers
from babel import Locale
from babel.dates import format_date
from django import template
from django.utils.translation import get_language

from jumun import languages
from jumun import money as jumun_money
from jumun.business_day import shop_time
from jumun.countries import country_name

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
def country(code: str) -> str:
    """A country's name; an unknown code is shown as it is."""
    return country_name(code, _locale().language)
