import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, ClassVar, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.outbox.handlers import handler_of, recurring
from jumun.outbox.lanes import Lane
from jumun.outbox.lease import ALONE_FROM_DEATHS, LeasedRow, State, backoff_s
from jumun.outbox.stopping import stopping

logger = logging.getLogger("jumun.worker")

# How long to wait before a fact that the database refused is written down again.
RECORD_AGAIN_S = 1.0


class Job(LeasedRow):
    """Work to do after a commit. `Job.enqueue` inserts it in the transaction of its cause."""

    LANES: ClassVar[tuple[Lane, ...]] = tuple(lane for lane in Lane if lane != Lane.EVENTS)

    kind = models.CharField(_("kind"), max_length=100)
    args = models.JSONField(_("arguments"), default=dict, encoder=DjangoJSONEncoder)
    # The database refuses a second job for one cause, however often the cause is seen.
    key = models.CharField(_("key"), max_length=600, unique=True)
    # A copy of the handler's lane, so that each lane finds its rows.
    lane = models.CharField(_("lane"), max_length=16, choices=Lane)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # When the other service accepted what the job sends; after that it is not sent again.
    accepted_at = models.DateTimeField(_("accepted at"), null=True, editable=False)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(fields=["lane", "run_at"], condition=models.Q(state=State.READY), name="jumun_job_due"),
            models.Index(fields=["id"], condition=models.Q(state=State.PARKED), name="jumun_job_parked"),
        ]

    def __str__(self) -> str:
        return self.key

    @classmethod
    def enqueue(cls, *kinds: str, key: str, **args: Any) -> None:
        """Add a job of each kind in the caller's transaction, unless ``kind:key`` exists.

        ``args`` must be JSON. Raises `LookupError` for a kind without a handler.
        """
        cls.add_all([cls.of(kind, key=key, **args) for kind in kinds])

    @classmethod
    def of(cls, kind: str, /, *, key: str, wait_s: float = 0.0, **args: Any) -> Self:
        """A job for `add_all`, due after ``wait_s``. Raises `LookupError` as `enqueue` does."""
        run_at = timezone.now() + timedelta(seconds=wait_s)
        return cls(kind=kind, lane=handler_of(kind).lane, key=f"{kind}:{key}", args=args, run_at=run_at)

    @classmethod
    def hasten(cls, kind: str, *, key: str) -> None:
        """Make the job of ``kind:key`` due now, if it waits for its first try."""
        waiting = cls.objects.filter(key=f"{kind}:{key}", state=State.READY, lease_token=None, attempts=0)
        if waiting.filter(run_at__gt=timezone.now()).update(run_at=timezone.now()):
            cls.tell_of_work({handler_of(kind).lane})

    @classmethod
    def make_due(cls, kind: str) -> None:
        """Make the recurring job of ``kind`` due now."""
        cls.ensure_recurring()
        waiting = cls.objects.filter(key=f"{kind}:recurring", state=State.READY, lease_token=None)
        waiting.update(run_at=timezone.now())

    @classmethod
    def enqueue_missing(cls, kind: str, wanted: Iterable[tuple[str, dict[str, Any]]], *, limit: int) -> int:
        """`enqueue` the first ``limit`` of the ``wanted`` keys and arguments that have no job yet; return how many."""
        rest, missing = iter(wanted), list[Job]()
        while len(missing) < limit and (some := list(islice(rest, limit))):
            jobs = [cls.of(kind, key=key, **args) for key, args in some]
            known = set(cls.objects.filter(key__in=[job.key for job in jobs]).values_list("key", flat=True))
            missing += [job for job in jobs if job.key not in known]
        cls.add_all(missing[:limit])
        return len(missing[:limit])

    @classmethod
    def ensure_recurring(cls) -> None:
        """Add missing rows of recurring jobs; each has its first turn after its interval."""
        now = timezone.now()
        rows = [
            Job(
                kind=handler.kind,
                lane=handler.lane,
                key=f"{handler.kind}:recurring",
                run_at=now + timedelta(seconds=handler.every_s or 0),
            )
            for handler in recurring()
        ]
        Job.objects.bulk_create(rows, ignore_conflicts=True)

    @classmethod
    def is_added_later_than(cls, moment: datetime) -> models.Q:
        """By `created_at`, because the caller of `enqueue` chooses `run_at`."""
        return models.Q(created_at__gt=moment)

    def run(self) -> None:
        handler = handler_of(self.kind)
        if handler.network and not self.accepted_at and handler.run(**self.args):
            self._note_accepted()
        with transaction.atomic():
            if not handler.network:
                handler.run(**self.args)
            elif handler.record and self.accepted_at:
                handler.record(**self.args)
            self._end(handler.every_s)

    def _note_accepted(self) -> None:
        """Commit at once that nothing more is to be sent; try again for as long as the database refuses.

        It is true even if another worker holds the lease by now.
        """
        self.accepted_at = timezone.now()
        while True:
            try:
                Job.objects.filter(pk=self.pk).update(accepted_at=self.accepted_at)
            except Exception:
                logger.warning("%s is accepted, which the database does not record; trying again", self, exc_info=True)
                connection.close_if_unusable_or_obsolete()
                if stopping().wait(RECORD_AGAIN_S):
                    raise
            else:
                return

    def _end(self, every_s: int | None) -> None:
        if every_s is None:
            self.finish()
        else:
            self.rearm(timezone.now() + timedelta(seconds=every_s))

    @property
    def _every_s(self) -> int | None:
        try:
            return handler_of(self.kind).every_s
        except LookupError:
            return None

    # A recurring job is never parked, because its next turn may succeed.

    def fail(self, error: Exception) -> None:
        if self._every_s is None:
            super().fail(error)
        else:
            self.reschedule(error, min(backoff_s(self.attempts + 1), self._every_s))

    def give_up(self, how: str, **learnt: object) -> None:
        if self._every_s is None:
            super().give_up(how, **learnt)
        else:
            # Still in a process of its own.
            next_at = timezone.now() + timedelta(seconds=self._every_s)
            self._settle(run_at=next_at, deaths=ALONE_FROM_DEATHS, last_error=f"the process died: {how}")
