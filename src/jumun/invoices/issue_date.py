"""On which day a document is issued: by the shop's calendar, whatever time zone the request's reader has chosen."""

from datetime import date, datetime, timedelta

from django.utils import timezone


def shop_day(at: datetime) -> date:
    """The day at ``at`` where the shop keeps its books (Django's ``TIME_ZONE``)."""
    return timezone.localdate(at, timezone=timezone.get_default_timezone())


def moment_of_issue(year: int) -> datetime:
    """Now, for a document that bears a number of ``year``: where the year ended while the number was waited for, the
    last moment of it.
    """
    end = datetime(year + 1, 1, 1, tzinfo=timezone.get_default_timezone())
    return min(timezone.now(), end - timedelta(microseconds=1))
