"""When a document is issued."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from jumun.business_day import day_start


def moment_of_issue(year: int) -> datetime:
    """Now, for a document that bears a number of ``year``: where the year ended while the number was waited for, the
    last moment of it.
    """
    return min(timezone.now(), day_start(date(year + 1, 1, 1)) - timedelta(microseconds=1))
