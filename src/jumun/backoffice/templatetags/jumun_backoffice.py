from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from jumun.backoffice import dashboard, markup

register = template.Library()


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A time to the minute in the shop's time zone, the same in every language: 2026-11-23 19:05."""
    return markup.moment(value)


@register.simple_tag
def jumun_dashboard(user: Any) -> dict[str, Any]:
    """``{% jumun_dashboard user as overview %}``: the figures of the admin's first page that ``user`` may see."""
    now = timezone.now()
    return {
        "today": dashboard.today(now) if user.has_perm("jumun_orders.view_order") else None,
        "concerns": dashboard.concerns(user),
        "waiting_since": dashboard.waiting_since(now) if user.has_perm("jumun_outbox.view_job") else None,
    }
