"""When a document is issued."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from jumun.business_day import day_start


def moment_of_issue(year: int) -> datetime:
    """Now, but not after the end of ``year``, to which the document's number belongs.

    The year can end while a transaction waits for its number.
    """
    return min(timezone.now(), day_start(date(year + 1, 1, 1)) - timedelta(microseconds=1))
