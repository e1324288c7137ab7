from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from jumun.audit import invariant
from jumun.outbox.due_times import late_recurring
from jumun.outbox.handlers import recurring
from jumun.outbox.lease import State
from jumun.outbox.models import Job

# A worker takes up what is due at once, and goes on with what a dead one has left within seconds.
LEFT_LYING = timedelta(hours=1)


@invariant("I13", remedy="Is a worker running, and the clock right? manage.py work --status tells; the log tells why.")
def recurring_jobs_run() -> Iterator[tuple[str, str]]:
    """What recurs has had its turn lately, and will have the next one in time."""
    for kind in late_recurring(timezone.now()):
        yield kind, "has not run for several of its turns, or is due later than its next one can be"


@invariant("I11", remedy="Is a worker running? What is parked, mend by its error and try again from the admin.")
def nothing_is_given_up() -> Iterator[tuple[str, str]]:
    """Work that was parked or is left lying, a mail for instance, is not done, and nobody sees to it."""
    late = Q(state=State.READY, run_at__lt=timezone.now() - LEFT_LYING)
    # What recurs has no cause that would go unanswered.
    late &= ~Q(kind__in=[handler.kind for handler in recurring()])
    for job in Job.objects.filter(late | Q(state=State.PARKED)).iterator():
        yield job.key, f"is {job.state} after {job.attempts} tries: {job.last_error[:200]}"
