from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.safestring import SafeString

from jumun.backoffice import dashboard, markup
from jumun.orders import masking

register = template.Library()

# The most used apps come first; the other apps of the project follow.
APP_LABELS = ("jumun_orders", "jumun_payments", "jumun_invoices", "jumun_storefront", "jumun_outbox")


@register.filter
def apps_in_order(app_list: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The admin's apps, with Jumun's first. Django sorts them by name, which depends on the language."""
    place = {label: number for number, label in enumerate(APP_LABELS)}
    return sorted(app_list, key=lambda app: place.get(app["app_label"], len(place)))


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A time to the minute in the shop's time zone, the same in every language: 2026-11-23 19:05."""
    return markup.moment(value)


@register.filter
def masked(text: str) -> str:
    """Text from elsewhere, without references and secrets."""
    return masking.masked(text)


@register.simple_tag(takes_context=True)
def jumun_dashboard(context: Context, user: Any) -> dict[str, Any]:
    """``{% jumun_dashboard user as overview %}``: the figures that ``user`` may see."""
    now = timezone.now()
    site_name = getattr(context.get("request"), "current_app", "admin")
    return {
        "today": dashboard.today(now) if user.has_perm("jumun_orders.view_order") else None,
        "concerns": dashboard.concerns(user, site_name),
        "waiting_since": dashboard.waiting_since(now) if user.has_perm("jumun_outbox.view_job") else None,
    }
