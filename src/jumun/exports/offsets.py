"""A time zone's offsets from UTC as a short table, for a database that knows no time zones."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

# Older than any order; before it, the first offset is taken for all.
FIRST_YEAR = 2000


@cache
def offsets(zone: tzinfo, last_year: int | None = None) -> tuple[tuple[str, int, str], ...]:
    """The periods of one offset, newest first: when each begins ("YYYY-MM-DD HH:MM:SS" in UTC), the offset in seconds
    and as ISO 8601 writes it. Until the end of ``last_year``, by default the next one.
    """
    end = datetime((last_year or datetime.now(UTC).year + 1) + 1, 1, 1, tzinfo=UTC)
    at = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    found = [("", *_told(at, zone))]
    while at < end:
        following = at + timedelta(days=7)
        if _offset(following, zone) != _offset(at, zone):
            begins = _change(at, following, zone)
            found.append((f"{begins:%Y-%m-%d %H:%M:%S}", *_told(begins, zone)))
        at = following
    return tuple(reversed(found))


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


def _told(at: datetime, zone: tzinfo) -> tuple[int, str]:
    return int(_offset(at, zone).total_seconds()), f"{at.astimezone(zone).isoformat(timespec='seconds')[19:]}"
