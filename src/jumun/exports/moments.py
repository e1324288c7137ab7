"""Times as Django stores them in SQLite, in UTC as "2026-11-23 15:30:09.123456", in ISO 8601 of a time zone.

Many orders fall into one hour: it is worked out once, and the minutes and seconds are copied.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import cache, lru_cache

from jumun.exports.offsets import in_whole_hours

HOUR_END, MINUTE_END, SECOND_END = len("2026-11-23 15"), len("2026-11-23 15:30"), len("2026-11-23 15:30:09")
STARTS_REMEMBERED = 4096


def iso_8601(stored: Sequence[str | None], zone: tzinfo) -> list[str]:
    """Each to the second, with the zone's offset at that time; an empty text where there is no time."""
    end = HOUR_END if in_whole_hours(zone) else MINUTE_END
    local = _clock(zone)
    return [local(text[:end]) % text[end:SECOND_END] if text else "" for text in stored]


@cache
def _clock(zone: tzinfo) -> Callable[[str], str]:
    """From the start of a stored time to that of the local one, with a place for the rest and the offset behind it."""

    @lru_cache(STARTS_REMEMBERED)
    def local(start: str) -> str:
        at = datetime.fromisoformat(f"{start}+00:00").astimezone(zone).isoformat(timespec="seconds")
        return f"{at[: len(start)]}%s{at[SECOND_END:]}"

    return local
