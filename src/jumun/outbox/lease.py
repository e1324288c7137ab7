"""Rows that a worker claims for a while: the base of jobs and of received events.

A row that waits has ``state = ready``. Claiming it moves ``run_at`` to the end of the lease and sets a token,
so a row whose worker died becomes due again by itself, and the worker that lost it can no longer finish it.

A due row that still has a token was abandoned: its worker died. It is a suspect from then on, and claimed singly. After
its second death it runs in a process of its own, after the third it is parked: docs/decisions/0072-lanes-and-deaths.md
"""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, ClassVar, Self

from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.actor import Actor, Cause
from jumun.db.fast import change, insert_new
from jumun.errors import LeaseLost, WorkerDied
from jumun.outbox.lanes import Lane
from jumun.outbox.signals import work_added

# Short, so that the work of a killed worker is taken up soon; a living worker renews its leases meanwhile.
LEASE_S = 15
# Of a row that one process has died of: should it be the culprit, the second death is noticed sooner.
SUSPECT_LEASE_S = 6
# Well below both.
RENEW_EVERY_S = 2
BACKOFF_FIRST_S = 2.0
BACKOFF_MAX_S = 3600.0
# A death says nothing about the next try, which shall be soon: within a minute the row is done or parked.
AFTER_DEATH_S = 1.0
# With so many deaths a row runs in a process of its own, and with so many it is parked.
ALONE_FROM_DEATHS, DEATHS_MAX = 2, 3
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


def error_text(error: BaseException) -> str:
    """What an exception is and says. Some fail to say it."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 (whatever its author did)
        text = type(error).__name__
    return storable(text)[:ERROR_MAX_CHARS]


class LeasedRow(models.Model):
    """A unit of work that survives any crash. Subclasses say in `run` what is to be done."""

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.READY)
    # Tries that came to an end.
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # Tries that ended with their process, or would have ended it.
    deaths = models.PositiveIntegerField(_("deaths"), default=0)
    run_at = models.DateTimeField(_("not before"), default=timezone.now)
    lease_token = models.UUIDField(null=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    # What rows are counted by.
    KIND_FIELD: ClassVar[str] = "kind"
    # The states from which staff may requeue a row.
    REQUEUED_FROM: ClassVar[tuple[State, ...]] = (State.PARKED,)
    # Where there are several, `lane` is a column.
    LANES: ClassVar[tuple[Lane, ...]]
    lane: Any

    class Meta:
        abstract = True

    @property
    def attempts_max(self) -> int:
        """Tries before the row is parked for staff; 15 tries with the backoff above are about nine hours."""
        return 15

    def cause(self) -> Cause:
        """Who or what acts while the row is worked on."""
        return Cause(actor=Actor.WORKER, source=str(self))

    def add(self) -> None:
        """Insert the row in the caller's transaction; where its key is there already, nothing happens."""
        self.add_all([self])

    @classmethod
    def add_all(cls, rows: "Sequence[Self]") -> None:
        """`add` for several in one statement."""
        insert_new(rows)
        cls.tell_of_work({Lane(row.lane) for row in rows if row.state == State.READY})

    @classmethod
    def tell_of_work(cls, lanes: set[Lane]) -> None:
        """Send `work_added` once the caller's transaction is committed."""

        # A function, not a `partial`: Django names what has failed by its `__qualname__`.
        def tell() -> None:
            work_added.send(cls, lanes=lanes)

        if lanes and work_added.has_listeners():
            transaction.on_commit(tell, using=router.db_for_write(cls), robust=True)

    @classmethod
    def in_lane(cls, lane: Lane | None) -> dict[str, str]:
        """The values that the rows of ``lane`` have in common, which for ``None`` are those of every lane."""
        return {"lane": lane.value} if lane and len(cls.LANES) > 1 else {}

    @classmethod
    def claim(cls, limit: int, lane: Lane | None = None) -> list[Self]:
        """Take up to ``limit`` due rows of ``lane``, or of all lanes, oldest first, for the length of a lease.

        A row that one worker has died of already is taken singly: no other is abandoned with it.
        """
        now = timezone.now()
        using = router.db_for_write(cls)
        values = cls.in_lane(lane)
        if not cls._is_any_due(connections[using], now, values):
            return []
        with transaction.atomic(using):
            due = cls._default_manager.using(using).filter(state=State.READY, run_at__lte=now, **values)
            due = due.select_for_update(skip_locked=connections[using].features.has_select_for_update_skip_locked)
            found = list(due.order_by("run_at")[:limit])
            rows = list(takewhile(lambda row: not row._is_suspect, found)) or found[:1]
            token = uuid.uuid4()
            for row in rows:
                row.deaths += row.lease_token is not None
                row.lease_token = token
            if rows:
                # Where there are several, none has a death.
                cls._default_manager.using(using).filter(pk__in=[row.pk for row in rows]).update(
                    lease_token=token, run_at=now + rows[0]._lease, deaths=rows[0].deaths
                )
        return rows

    @classmethod
    def is_in_hand(cls, lane: Lane) -> bool:
        """Whether a worker holds the lease of a row of ``lane``."""
        rows = cls._default_manager.filter(state=State.READY, run_at__gt=timezone.now(), **cls.in_lane(lane))
        return rows.exclude(lease_token=None).exists()

    @classmethod
    def is_added_later_than(cls, moment: datetime) -> models.Q:
        """Which rows that wait for their first try seem to come from after ``moment``. They are due as they come."""
        return models.Q(run_at__gt=moment)

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=SUSPECT_LEASE_S if 0 < self.deaths < ALONE_FROM_DEATHS else LEASE_S)

    @property
    def _is_suspect(self) -> bool:
        return self.deaths > 0 or self.lease_token is not None

    @classmethod
    def _is_any_due(cls, connection: BaseDatabaseWrapper, now: datetime, values: dict[str, str]) -> bool:
        """A worker without work asks this many times a second: one statement, no transaction, an eighth of the time
        that building a QuerySet for it takes.
        """
        table = connection.ops.quote_name(cls._meta.db_table)
        also = "".join(f" AND {connection.ops.quote_name(name)} = %s" for name in values)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT 1 FROM {table} WHERE state = %s AND run_at <= %s{also} LIMIT 1",  # noqa: S608 (the model's own names)
                [State.READY.value, connection.ops.adapt_datetimefield_value(now), *values.values()],
            )
            return cursor.fetchone() is not None

    @classmethod
    def renew(cls, rows: "Sequence[LeasedRow]") -> None:
        """Hold what is left of a claim for as long again."""
        held = cls._default_manager.filter(pk__in=[row.pk for row in rows], state=State.READY)
        held = held.filter(lease_token=rows[0].lease_token)
        held.update(run_at=timezone.now() + rows[0]._lease)

    def release(self, wait_s: float = 0.0) -> None:
        """Give the row back as it was, to be claimed again at once or after ``wait_s``. Raises `LeaseLost`."""
        self._settle(run_at=timezone.now() + timedelta(seconds=wait_s))

    def finish(self, state: State = State.DONE, **learnt: object) -> None:
        """End the row's life, with what was ``learnt`` of its own columns. Raises `LeaseLost`, which must roll the
        effect back, where the lease is no longer ours.
        """
        ended = {"attempts": self.attempts + 1, "finished_at": timezone.now(), "last_error": ""}
        self._settle(state=state, **ended, **learnt)

    def rearm(self, run_at: datetime) -> None:
        """Make a recurring row wait for its next turn. Raises `LeaseLost`."""
        self._settle(run_at=run_at, attempts=0, deaths=0, last_error="")

    def fail(self, error: Exception) -> None:
        """Record a failed try: wait and try again, or park the row where staff see it. Raises `LeaseLost`."""
        if (postponed_s := getattr(error, "postponed_s", None)) is not None:
            # Up to twice as long, so that what was postponed together does not come back together.
            run_at = timezone.now() + timedelta(seconds=postponed_s * random.uniform(1, 2))  # noqa: S311 (jitter)
            self._settle(run_at=run_at, last_error=error_text(error))
        elif not getattr(error, "retryable", True) or self.attempts + 1 >= self.attempts_max:
            self.park(error_text(error), attempts=self.attempts + 1)
        else:
            self.reschedule(error, backoff_s(self.attempts + 1))

    def die(self, how: str) -> None:
        """Record a try that ended with its process, or would have: try again soon, or park the row after the last
        of `DEATHS_MAX`. Raises `LeaseLost`.
        """
        deaths = self.deaths + 1
        if deaths < DEATHS_MAX:
            again_at = timezone.now() + timedelta(seconds=AFTER_DEATH_S)
            self._settle(run_at=again_at, deaths=deaths, last_error=f"the process died: {how}"[:ERROR_MAX_CHARS])
        else:
            self.give_up(how, deaths=deaths)

    def give_up(self, how: str, **learnt: object) -> None:
        """Park a row that has died too often. Raises `LeaseLost`."""
        error = WorkerDied(f"the process died {DEATHS_MAX} times while working on this; the last time: {how}")
        self.park(error_text(error), **learnt)

    def park(self, last_error: str, **learnt: object) -> None:
        """Set the row aside until staff requeue it. Raises `LeaseLost`."""
        self._settle(state=State.PARKED, last_error=last_error, finished_at=timezone.now(), **learnt)

    def reschedule(self, error: Exception, wait_s: float) -> None:
        """Try it again after so long, and not for the last time. Raises `LeaseLost`."""
        self._settle(
            run_at=timezone.now() + timedelta(seconds=wait_s),
            attempts=min(self.attempts + 1, self.attempts_max - 1),
            last_error=error_text(error),
        )

    def requeue(self) -> bool:
        """Make it due now, with all its tries before it. ``False`` where its state is none of `REQUEUED_FROM`."""
        finished = type(self)._default_manager.filter(pk=self.pk, state__in=self.REQUEUED_FROM)
        return bool(finished.update(state=State.READY, run_at=timezone.now(), attempts=0, deaths=0, finished_at=None))

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
