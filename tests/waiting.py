"""Wait for what another process or thread does."""

import time
from collections.abc import Callable

from jumun.outbox.models import Job

WAIT_S = 90.0


def wait_until(
    holds: Callable[[], object], within_s: float = WAIT_S, *, explain: Callable[[], object] = lambda: None
) -> None:
    """Return as soon as ``holds`` is true; fail after ``within_s``, and show what ``explain`` returns."""
    give_up = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < give_up, explain()
        time.sleep(0.05)


def wait_for_jobs(holds: Callable[[], object], within_s: float = WAIT_S) -> None:
    """The same; a failure shows each job and its last error."""
    wait_until(holds, within_s, explain=lambda: list(Job.objects.values_list("kind", "state", "deaths", "last_error")))
