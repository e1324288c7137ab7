"""Small pieces of HTML for columns of the lists."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jumun.backoffice.templatetags.jumun_backoffice import money
from jumun.orders.models import Order
from jumun.payments.models import Payment

NOTHING = "–"


def badge(value: str, label: str) -> SafeString:
    """A state as a coloured word; the colour is the stylesheet's affair."""
    return format_html('<span class="jumun-badge jumun-badge-{}">{}</span>', value, label)


def amount(amount_minor: int, currency: str) -> SafeString:
    return format_html('<span class="jumun-amount">{}</span>', money(amount_minor, currency))


def order_link(order: Order | None) -> SafeString | str:
    if order is None:
        return NOTHING
    address = reverse("admin:jumun_orders_order_change", args=[order.pk])
    return format_html('<a href="{}">{}</a>', address, order.number)


def stripe_link(payment: Payment) -> SafeString:
    """The payment where Stripe shows it, in a tab of its own."""
    return format_html(
        '<a class="jumun-id" href="{}" target="_blank" rel="noopener">{}</a>', payment.stripe_url, payment.payment_intent_id
    )


def source(text: str) -> SafeString:
    """A body as it came, line by line."""
    return format_html('<pre class="jumun-source">{}</pre>', text)
