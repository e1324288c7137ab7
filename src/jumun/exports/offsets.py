"""Whether a time zone's clock differs from UTC's by whole hours, as most do: minutes and seconds are then the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

# Older than any order.
FIRST_YEAR = 2000
HOUR = timedelta(hours=1)


@cache
def in_whole_hours(zone: tzinfo) -> bool:
    """Whether it always does, from `FIRST_YEAR` until the end of next year."""
    return not any(offset % HOUR or begins.minute or begins.second for begins, offset in _periods(zone))


def _periods(zone: tzinfo) -> Iterator[tuple[datetime, timedelta]]:
    """When each offset begins, in UTC."""
    at = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(datetime.now(UTC).year + 2, 1, 1, tzinfo=UTC)
    yield at, _offset(at, zone)
    while at < end:
        following = at + timedelta(days=7)
        if _offset(following, zone) != _offset(at, zone):
            begins = _change(at, following, zone)
            yield begins, _offset(begins, zone)
        at = following


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second of the new offset."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _offset(middle, zone) == _offset(before, zone):
            before = middle
        else:
            after = middle
    return after


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
