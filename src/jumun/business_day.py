"""The shop's calendar and clock (Django's ``TIME_ZONE``), whatever zone is activated for the reader of a request.

Only this module asks for a local time. A day begins at its first instant: where the clock skips midnight that is the
end of the gap, and where midnight comes twice, the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

# The moments at which the first and the last day of Python's calendar begin are out of its range in some zones.
DAY_MIN, DAY_MAX = date.min + timedelta(days=1), date.max - timedelta(days=1)


def shop_time(at: datetime) -> datetime:
    """``at`` as the shop's clock shows it."""
    return timezone.localtime(at, timezone.get_default_timezone())


def business_day(at: datetime | None = None) -> date:
    """The day at ``at``, or today."""
    return timezone.localdate(at, timezone.get_default_timezone())


def day_start(day: date) -> datetime:
    """The first instant of ``day``, in UTC; it is also the end of the day before. Days outside Python's calendar are
    its first and last.
    """
    within = min(max(day, DAY_MIN), DAY_MAX)
    # A clock that is set back or forward at midnight: `fold` 0 is the offset before the change, which is right in both.
    return datetime.combine(within, time(), timezone.get_default_timezone()).astimezone(UTC)
