from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant
from jumun.outbox.audits import LEFT_LYING
from jumun.outbox.lease import State
from jumun.payments.models import InboxEvent

# All attempts of an event together take nine hours; one that takes longer hangs in a worker.
ATTEMPTED_MAX = timedelta(hours=12)


@invariant(
    "I6", remedy=gettext_lazy("Is a worker running? Fix what is parked by its error, and retry it from the admin.")
)
def acknowledged_events_are_processed() -> Iterator[tuple[str, str]]:
    """No due event waits for long, none is attempted for too long, and none is parked."""
    now = timezone.now()
    is_attempted = Q(attempts__gt=0) | Q(deaths__gt=0) | Q(lease_token__isnull=False)
    is_late = Q(run_at__lt=now - LEFT_LYING) | Q(is_attempted, received_at__lt=now - ATTEMPTED_MAX)
    unprocessed = InboxEvent.objects.filter(Q(is_late, state=State.READY) | Q(state=State.PARKED))
    for event in unprocessed.defer("payload").iterator():
        yield (
            event.event_id,
            _("%(type)s is %(state)s after %(attempts)s tries: %(error)s")
            % {
                "type": event.type,
                "state": event.get_state_display(),
                "attempts": event.attempts,
                "error": event.last_error[:200],
            },
        )
