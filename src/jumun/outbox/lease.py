"""Rows that a worker claims for a while: the base of jobs and of received events.

A row that waits has ``state = ready``. Claiming it moves ``run_at`` to the end of the lease and sets a token,
so a row whose worker died becomes due again by itself, and the worker that lost it can no longer finish it.
"""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, Self

from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.cause import Actor, Cause
from jumun.errors import LeaseLost
from jumun.outbox.signals import work_added
from jumun.rows import change, insert_new

# Short, so that the work of a killed worker is taken up soon; a living worker renews its leases meanwhile.
LEASE_S = 15
BACKOFF_FIRST_S = 2.0
BACKOFF_MAX_S = 3600.0
ERROR_MAX_CHARS = 2000
# Small, so that nobody who writes has to wait for it.
PURGE_BATCH = 500


class State(models.TextChoices):
    READY = "ready", _("waiting")
    DONE = "done", _("done")
    IGNORED = "ignored", _("ignored")
    PARKED = "parked", _("parked")


# What nobody waits for any more; parked rows wait for staff.
FINISHED = (State.DONE, State.IGNORED)


def backoff_s(attempts: int) -> float:
    """Seconds until the next try: doubling, capped, with up to a quarter of jitter either way."""
    plain_s: float = min(BACKOFF_FIRST_S * 2 ** (attempts - 1), BACKOFF_MAX_S)
    return plain_s * random.uniform(0.75, 1.25)  # noqa: S311 (jitter, not a secret)


def storable(text: str) -> str:
    """Text that every database takes: PostgreSQL refuses NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def _told(error: Exception) -> str:
    return storable(f"{type(error).__name__}: {error}")[:ERROR_MAX_CHARS]


class LeasedRow(models.Model):
    """A unit of work that survives any crash. Subclasses say in `run` what is to be done."""

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.READY)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    run_at = models.DateTimeField(_("not before"), default=timezone.now)
    lease_token = models.UUIDField(null=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    # What rows are counted by.
    KIND_FIELD: ClassVar[str] = "kind"
    # The states from which staff may have a row done again.
    DONE_AGAIN_FROM: ClassVar[tuple[State, ...]] = (State.PARKED,)
    # Whether other rows go first where there are both, though not for ever.
    GIVES_WAY: ClassVar[bool] = False

    class Meta:
        abstract = True

    @property
    def attempts_max(self) -> int:
        """Tries before the row is parked for staff; 15 tries with the backoff above are about nine hours."""
        return 15

    def cause(self) -> Cause:
        """Who or what acts while the row is worked on."""
        return Cause(actor=Actor.WORKER, source=str(self))

    def run(self) -> None:
        """Do the work and call `finish` in the transaction that makes its effect true."""
        raise NotImplementedError

    def add(self) -> None:
        """Insert the row in the caller's transaction; where its key is there already, nothing happens."""
        self.add_all([self])

    @classmethod
    def add_all(cls, rows: "Sequence[Self]") -> None:
        """`add` for several in one statement."""
        insert_new(rows)
        if any(row.state == State.READY for row in rows) and work_added.has_listeners():
            transaction.on_commit(partial(work_added.send, cls), using=router.db_for_write(cls), robust=True)

    @classmethod
    def claim(cls, limit: int) -> list[Self]:
        """Take up to ``limit`` due rows, oldest first, for `LEASE_S` seconds."""
        now = timezone.now()
        using = router.db_for_write(cls)
        token = uuid.uuid4()
        if not cls._is_any_due(connections[using], now):
            return []
        with transaction.atomic(using):
            due = cls._default_manager.using(using).filter(state=State.READY, run_at__lte=now).order_by("run_at")
            due = due.select_for_update(skip_locked=connections[using].features.has_select_for_update_skip_locked)
            rows = list(due[:limit])
            cls._default_manager.using(using).filter(pk__in=[row.pk for row in rows]).update(
                lease_token=token, run_at=now + timedelta(seconds=LEASE_S), attempts=models.F("attempts") + 1
            )
        for row in rows:
            row.lease_token = token
            row.attempts += 1
        return rows

    @classmethod
    def _is_any_due(cls, connection: BaseDatabaseWrapper, now: datetime) -> bool:
        """A worker without work asks this many times a second: one statement, no transaction, an eighth of the time
        that building a QuerySet for it takes.
        """
        table = connection.ops.quote_name(cls._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT 1 FROM {table} WHERE state = %s AND run_at <= %s LIMIT 1",  # noqa: S608 (the model's own name)
                [State.READY.value, connection.ops.adapt_datetimefield_value(now)],
            )
            return cursor.fetchone() is not None

    @classmethod
    def renew(cls, rows: "Sequence[LeasedRow]") -> None:
        """Hold what is left of a claim for another `LEASE_S` seconds."""
        held = cls._default_manager.filter(pk__in=[row.pk for row in rows], state=State.READY)
        held = held.filter(lease_token=rows[0].lease_token)
        held.update(run_at=timezone.now() + timedelta(seconds=LEASE_S))

    def release(self) -> None:
        """Let another worker have at once what this one has claimed and will not end. Raises `LeaseLost`."""
        self._settle(run_at=timezone.now(), attempts=self.attempts - 1)

    def finish(self, state: State = State.DONE, **learnt: object) -> None:
        """End the row's life, with what was ``learnt`` of its own columns. Raises `LeaseLost`, which must roll the
        effect back, where the lease is no longer ours.
        """
        self._settle(state=state, finished_at=timezone.now(), last_error="", **learnt)

    def rearm(self, run_at: datetime) -> None:
        """Make a recurring row wait for its next turn. Raises `LeaseLost`."""
        self._settle(run_at=run_at, attempts=0, last_error="")

    def fail(self, error: Exception) -> None:
        """Record a failed try: wait and try again, or park the row where staff see it. Raises `LeaseLost`."""
        if (postponed_s := getattr(error, "postponed_s", None)) is not None:
            # Up to twice as long, so that what was postponed together does not come back together.
            run_at = timezone.now() + timedelta(seconds=postponed_s * random.uniform(1, 2))  # noqa: S311 (jitter)
            self._settle(run_at=run_at, attempts=self.attempts - 1, last_error=_told(error))
        elif not getattr(error, "retryable", True) or self.attempts >= self.attempts_max:
            self._settle(state=State.PARKED, last_error=_told(error), finished_at=timezone.now())
        else:
            self.put_off(error, backoff_s(self.attempts))

    def put_off(self, error: Exception, wait_s: float) -> None:
        """Have it tried again after so long, and not for the last time. Raises `LeaseLost`."""
        self._settle(
            run_at=timezone.now() + timedelta(seconds=wait_s),
            attempts=min(self.attempts, self.attempts_max - 1),
            last_error=_told(error),
        )

    def do_again(self) -> bool:
        """Make it due now, with all its tries before it. ``False`` where its state is none of `DONE_AGAIN_FROM`."""
        finished = type(self)._default_manager.filter(pk=self.pk, state__in=self.DONE_AGAIN_FROM)
        return bool(finished.update(state=State.READY, run_at=timezone.now(), attempts=0, finished_at=None))

    @classmethod
    def purge(cls, *, finished_before: datetime) -> int:
        """Delete up to `PURGE_BATCH` rows that were finished before that moment, oldest first; return how many."""
        old = cls._default_manager.filter(state__in=FINISHED, finished_at__lt=finished_before)
        # By their ids, which are about as old as the rows: what is found first is found at once.
        pks = list(old.order_by("pk").values_list("pk", flat=True)[:PURGE_BATCH])
        return old.filter(pk__in=pks).delete()[0]

    def _settle(self, **values: object) -> None:
        token = self.lease_token
        if not change(self, {**values, "lease_token": None}, where={"lease_token": [token], "state": [State.READY]}):
            raise LeaseLost(f"{self._meta.label} {self.pk}")
        # It goes on naming the claim that the row came with.
        self.lease_token = token
