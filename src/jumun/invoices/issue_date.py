"""When a document is issued."""

from datetime import datetime, timedelta

from django.utils import timezone


def moment_of_issue(year: int) -> datetime:
    """Now, for a document that bears a number of ``year``: where the year ended while the number was waited for, the
    last moment of it.
    """
    end = datetime(year + 1, 1, 1, tzinfo=timezone.get_default_timezone())
    return min(timezone.now(), end - timedelta(microseconds=1))
