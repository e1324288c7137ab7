from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant
from jumun.outbox.due_times import late_recurring
from jumun.outbox.handlers import recurring
from jumun.outbox.lease import State
from jumun.outbox.models import Job

# A worker takes due rows at once, and rows of a dead worker within seconds.
LEFT_LYING = timedelta(hours=1)


@invariant(
    "I13",
    remedy=gettext_lazy("Is a worker running, and is the clock right? Run manage.py work --status; the log says why."),
)
def recurring_jobs_run() -> Iterator[tuple[str, str]]:
    """Recurring jobs have run lately and are due in time."""
    for kind in late_recurring(timezone.now()):
        yield kind, _("has not run for several of its turns, or is due later than its next one can be")


@invariant(
    "I11",
    remedy=gettext_lazy("Is a worker running? Fix what is parked by its error, and retry it from the admin."),
)
def no_job_is_parked_or_overdue() -> Iterator[tuple[str, str]]:
    """A job that is parked or long overdue, such as a mail, will not be done without staff."""
    late = Q(state=State.READY, run_at__lt=timezone.now() - LEFT_LYING)
    # Recurring jobs are checked above.
    late &= ~Q(kind__in=[handler.kind for handler in recurring()])
    for job in Job.objects.filter(late | Q(state=State.PARKED)).iterator():
        yield (
            job.key,
            _("is %(state)s after %(attempts)s tries: %(error)s")
            % {"state": job.get_state_display(), "attempts": job.attempts, "error": job.last_error[:200]},
        )
