from collections.abc import Iterator

from jumun.audit import invariant
from jumun.outbox.lease import State
from jumun.outbox.models import Job


@invariant("I11", remedy="Mend what the error says, then try the job again from the admin's list of jobs.")
def nothing_is_given_up() -> Iterator[tuple[str, str]]:
    """Work that was parked, a mail for instance, was not done; staff try it again or it stays undone."""
    for job in Job.objects.filter(state=State.PARKED).iterator():
        yield job.key, f"parked after {job.attempts} tries: {job.last_error[:200]}"
