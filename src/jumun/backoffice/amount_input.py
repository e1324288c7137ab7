"""Amounts as staff type them into forms, in the active language."""

from django.core.exceptions import ValidationError
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from jumun import money


def amount_text(amount_minor: int, currency: str) -> str:
    """The initial text of a field for an amount."""
    return money.to_text(amount_minor, currency, _locale())


def read_amount(text: str, currency: str) -> int:
    """The amount in minor units. Raises `ValidationError` if Stripe cannot charge or refund it."""
    try:
        amount_minor = money.parse(text, currency, _locale())
    except money.TooManyDecimals as error:
        raise ValidationError([_decimals(currency), _example(currency)]) from error
    except money.AmbiguousGroup as error:
        message = _("%(currency)s has three decimals. Please write all three.")
        raise ValidationError([message % {"currency": currency}, _example(currency)]) from error
    except money.MoneyError as error:
        message = _("This is not an amount in %(currency)s.") % {"currency": currency}
        raise ValidationError([message, _example(currency)]) from error
    if amount_minor <= 0:
        raise ValidationError(_("The amount must be above zero."))
    if amount_minor % money.charge_step_minor(currency):
        message = _("Stripe takes amounts in %(currency)s only if the last digit is 0.")
        raise ValidationError(message % {"currency": currency})
    return amount_minor


def _decimals(currency: str) -> str:
    count = money.exponent(currency)
    if not count:
        return _("%(currency)s has no decimals.") % {"currency": currency}
    message = ngettext("%(currency)s has %(count)s decimal.", "%(currency)s has %(count)s decimals.", count)
    return message % {"currency": currency, "count": count}


def _example(currency: str) -> str:
    example = money.format(1_234_560, currency, _locale())
    return _("Write it like %(example)s.") % {"example": example}


def _locale() -> str:
    return get_language() or "en"
