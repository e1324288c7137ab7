from decimal import Decimal

from babel.numbers import format_percent
from django import template
from django.utils.translation import get_language

from jumun import money as amounts

register = template.Library()


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """``{{ order.total_minor|money:order.currency }}``: an amount as people write it in the active language."""
    return amounts.format(amount_minor, currency, get_language() or "en")


@register.filter
def percent(rate_ppm: int) -> str:
    """Parts per million as percent: 75000 is "7.5%"."""
    locale = (get_language() or "en").replace("-", "_")
    text: str = format_percent(Decimal(rate_ppm).scaleb(-6), locale=locale, decimal_quantization=False)
    return text
