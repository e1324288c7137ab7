"""Small pieces of HTML, and columns made of them, for the lists and the pages of one row."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jumun.business_day import shop_time
from jumun.invoices.templatetags.jumun_invoices import payment_method
from jumun.orders.masking import masked
from jumun.orders.models import Order
from jumun.outbox.lease import storable
from jumun.payments.models import Payment
from jumun.templatetags.jumun import money, stripe_money

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NOTHING = "–"


def badge(value: str, label: "str | _StrPromise") -> SafeString:
    """A state as a word; the stylesheet gives it a colour."""
    return format_html('<span class="jumun-badge jumun-badge-{}">{}</span>', value, label)


def amount(amount_minor: int, currency: str) -> SafeString:
    return format_html('<span class="jumun-amount">{}</span>', money(amount_minor, currency))


def stripe_amount(amount: int, currency: str) -> SafeString:
    """An amount of Stripe's balance, in Stripe's minor units."""
    return format_html('<span class="jumun-amount">{}</span>', stripe_money(amount, currency))


def moment(value: datetime | None) -> SafeString | str:
    """A time to the minute, short enough for a table and the same in every language."""
    if value is None:
        return NOTHING
    local = shop_time(value)
    return format_html('<time class="jumun-time" datetime="{}">{}</time>', local.isoformat(), f"{local:%Y-%m-%d %H:%M}")


def order_link(order: Order | None, site_name: str) -> SafeString | str:
    if order is None:
        return NOTHING
    address = reverse("admin:jumun_orders_order_change", args=[order.pk], current_app=site_name)
    return format_html('<a href="{}">{}</a>', address, order.number)


def stripe_link(payment: Payment) -> SafeString:
    """The payment at Stripe, named after its payment method, by which staff know it."""
    shown = payment_method(payment) or payment.payment_intent_id
    return outward_link(payment.stripe_url, shown, title=payment.payment_intent_id)


def outward_link(address: str, shown: str, *, title: str = "") -> SafeString:
    """A link to another site, in a new tab."""
    return format_html(
        '<a class="jumun-outward" href="{}" target="_blank" rel="noopener" title="{}">{}</a>', address, title, shown
    )


def source(text: str) -> SafeString:
    """Text as it was received, without references, secrets and lone surrogates, which UTF-8 cannot encode."""
    return format_html('<pre class="jumun-source" tabindex="0">{}</pre>', masked(storable(text)))


# Columns are callables, which the type of ``fields`` leaves out: hence `Any`.


def moment_column(field: str, title: "str | _StrPromise") -> Any:
    """A time, sortable. Django's own column shows the zone that is activated."""
    return _column(field, title, lambda row: moment(getattr(row, field)), ordering=field)


def badge_column(field: str, title: "str | _StrPromise") -> Any:
    """A field with choices, sortable."""
    name = f"{field}_badge"
    return _column(
        name, title, lambda row: badge(getattr(row, field), getattr(row, f"get_{field}_display")()), ordering=field
    )


def amount_column(title: "str | _StrPromise") -> Any:
    """``amount_minor``, sortable."""
    return _column("amount", title, lambda row: amount(row.amount_minor, row.currency), ordering="amount_minor")


def stripe_amount_column(field: str, title: "str | _StrPromise") -> Any:
    """An amount in Stripe's minor units, sortable."""
    name = field.removesuffix("_minor")
    return _column(name, title, lambda row: stripe_amount(getattr(row, field), row.currency), ordering=field)


def masked_column(field: str, title: "str | _StrPromise") -> Any:
    """Text from elsewhere, without references and secrets."""
    return _column(field, title, lambda row: masked(getattr(row, field)) or NOTHING)


def _column(name: str, title: "str | _StrPromise", shown: Callable[[Any], Any], *, ordering: str | None = None) -> Any:
    shown.__name__ = name
    return admin.display(description=title, ordering=ordering)(shown)
