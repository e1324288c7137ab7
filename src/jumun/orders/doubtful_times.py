"""Times that prove nothing, because the machine's clock was wrong when they were written down.

The timeline is only added to. Where an entry is earlier than one before it, the clock was ahead until then, or behind
from then on: of the times in between nobody knows which were right.
"""

from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import F, Max, Window

from jumun.orders.models import TimelineEntry

# The same clock is read twice in one transaction, or two clocks of one site are compared.
LEEWAY = timedelta(hours=1)


class DoubtfulTimes:
    """The times in doubt. They are looked up when the first one is asked about: where all is well, nobody asks."""

    def __contains__(self, moment: datetime) -> bool:
        return any(first - LEEWAY <= moment <= last + LEEWAY for first, last in self._spans)

    @cached_property
    def _spans(self) -> list[tuple[datetime, datetime]]:
        entries = TimelineEntry.objects.annotate(latest=Window(Max("at"), order_by="pk"))
        spans: dict[datetime, datetime] = {}
        for at, latest in entries.filter(latest__gt=F("at") + LEEWAY).order_by().values_list("at", "latest").iterator():
            spans[latest] = min(at, spans.get(latest, at))
        return [(first, last) for last, first in spans.items()]
