"""Small pieces of HTML for columns of the lists."""

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
    """A state as a coloured word; the colour is the stylesheet's affair."""
    return format_html('<span class="jumun-badge jumun-badge-{}">{}</span>', value, label)


def amount(amount_minor: int, currency: str) -> SafeString:
    return format_html('<span class="jumun-amount">{}</span>', money(amount_minor, currency))


def stripe_amount(amount: int, currency: str) -> SafeString:
    """What Stripe reports of its balance, in Stripe's minor units."""
    return format_html('<span class="jumun-amount">{}</span>', stripe_money(amount, currency))


def moment(value: datetime | None) -> SafeString | str:
    """A time to the minute, short enough for a table and the same in every language."""
    if value is None:
        return NOTHING
    local = shop_time(value)
    return format_html('<time class="jumun-time" datetime="{}">{}</time>', local.isoformat(), f"{local:%Y-%m-%d %H:%M}")


def moment_column(field: str, title: "str | _StrPromise") -> Any:
    """A column of `moment` for a list, to be sorted by, or for a page of one row.

    Django's own shows the zone that is activated. The result is a callable, which the type of ``fields`` leaves out.
    """

    @admin.display(description=title, ordering=field)
    def column(row: Any) -> SafeString | str:
        return moment(getattr(row, field))

    column.__name__ = field
    return column


def order_link(order: Order | None, site_name: str) -> SafeString | str:
    """The order's page on the admin site of that name."""
    if order is None:
        return NOTHING
    address = reverse("admin:jumun_orders_order_change", args=[order.pk], current_app=site_name)
    return format_html('<a href="{}">{}</a>', address, order.number)


def stripe_link(payment: Payment) -> SafeString:
    """The payment where Stripe shows it, in a tab of its own; named after how it was paid, which staff know it by."""
    shown = payment_method(payment) or payment.payment_intent_id
    return outward_link(payment.stripe_url, shown, title=payment.payment_intent_id)


def outward_link(address: str, shown: str, *, title: str = "") -> SafeString:
    """A page of somebody else's, in a tab of its own."""
    return format_html(
        '<a class="jumun-outward" href="{}" target="_blank" rel="noopener" title="{}">{}</a>', address, title, shown
    )


def source(text: str) -> SafeString:
    """A body as it came, line by line, but for references and secrets."""
    # Not even UTF-8 can carry a lone surrogate.
    return format_html('<pre class="jumun-source" tabindex="0">{}</pre>', masked(storable(text)))


def masked_column(field: str, title: "str | _StrPromise") -> Any:
    """A text of somebody else's, for a page of one row, without references and secrets."""

    @admin.display(description=title)
    def column(row: Any) -> str:
        return masked(getattr(row, field)) or NOTHING

    column.__name__ = field
    return column
