from datetime import timedelta
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.outbox.handlers import handler_of, recurring
from jumun.outbox.lease import LeasedRow, State, backoff_s


class Job(LeasedRow):
    """Work that must follow a commit. Insert it in the transaction of its cause with `Job.enqueue`."""

    # A backlog of mails and PDFs takes no time from the events that make orders paid.
    GIVES_WAY = True

    kind = models.CharField(_("kind"), max_length=100)
    args = models.JSONField(_("arguments"), default=dict, encoder=DjangoJSONEncoder)
    # A second job for one cause is refused by the database, however often the cause is seen.
    key = models.CharField(_("key"), max_length=600, unique=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(fields=["run_at"], condition=models.Q(state=State.READY), name="jumun_job_due"),
            models.Index(fields=["id"], condition=models.Q(state=State.PARKED), name="jumun_job_parked"),
        ]

    def __str__(self) -> str:
        return self.key

    @classmethod
    def enqueue(cls, *kinds: str, key: str, **args: Any) -> None:
        """Add a job of each kind in the caller's transaction; where ``kind:key`` exists already, nothing happens.

        They are begun in the order given. ``args`` must be JSON. Raises `LookupError` for a kind that nobody handles.
        """
        for kind in kinds:
            handler_of(kind)
        cls.add_all([cls(kind=kind, key=f"{kind}:{key}", args=args) for kind in kinds])

    @classmethod
    def ensure_recurring(cls) -> None:
        """Add the rows of the recurring jobs that are not there yet; each has its first turn after its interval."""
        now = timezone.now()
        rows = [
            Job(
                kind=handler.kind,
                key=f"{handler.kind}:recurring",
                run_at=now + timedelta(seconds=handler.every_s or 0),
            )
            for handler in recurring()
        ]
        Job.objects.bulk_create(rows, ignore_conflicts=True)

    def run(self) -> None:
        handler = handler_of(self.kind)
        record = handler.run(**self.args) if handler.network else partial(handler.run, **self.args)
        with transaction.atomic():
            if record:
                record()
            self._end(handler.every_s)

    def _end(self, every_s: int | None) -> None:
        if every_s is None:
            self.finish()
        else:
            self.rearm(timezone.now() + timedelta(seconds=every_s))

    def fail(self, error: Exception) -> None:
        # A recurring job is never parked, whatever it meets and however often: its next turn may well succeed.
        try:
            every_s = handler_of(self.kind).every_s
        except LookupError:
            every_s = None
        if every_s is None:
            super().fail(error)
        else:
            self.put_off(error, min(backoff_s(self.attempts), every_s))
