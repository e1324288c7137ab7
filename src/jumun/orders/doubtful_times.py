"""Times that prove nothing, because the machine's clock was wrong when they were recorded.

Entries are only ever added to the timeline. If an entry is earlier than the one before it, the clock was ahead before
or is behind now. Every time between the two is in doubt.
"""

from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import F, Max, Window

from jumun.orders.models import TimelineEntry

# Two readings of a clock in one transaction differ a little, and so do two machines of one site.
LEEWAY = timedelta(hours=1)


class DoubtfulTimes:
    """The times in doubt. The query runs when the first one is looked up, which is only after a finding."""

    def __contains__(self, moment: datetime) -> bool:
        return any(first - LEEWAY <= moment <= last + LEEWAY for first, last in self._spans)

    @cached_property
    def _spans(self) -> list[tuple[datetime, datetime]]:
        entries = TimelineEntry.objects.annotate(latest=Window(Max("at"), order_by="pk"))
        spans: dict[datetime, datetime] = {}
        for at, latest in entries.filter(latest__gt=F("at") + LEEWAY).order_by().values_list("at", "latest").iterator():
            spans[latest] = min(at, spans.get(latest, at))
        return [(first, last) for last, first in spans.items()]
