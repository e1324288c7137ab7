"""Days as the shop keeps them, whatever time zone the request's reader has chosen."""

from datetime import date, datetime

from django.utils import timezone


def shop_day(at: datetime | None = None) -> date:
    """The day at ``at``, or today, where the shop keeps its books (Django's ``TIME_ZONE``)."""
    return timezone.localdate(at, timezone=timezone.get_default_timezone())
