"""Rows that a worker claims for a while: the base of jobs and of received events.

A waiting row has ``state = ready``. A claim moves ``run_at`` to the end of the lease and sets a token. So a row whose
worker died becomes due again by itself, and the worker that lost it can no longer finish it.

A due row that still has a token was abandoned: its worker died. From then on it is a suspect and is claimed singly.
After its second death it runs in its own process, after the third it is parked: docs/decisions/0072-lanes-and-deaths.md
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

# Short, so that another worker soon takes over from a killed one. A living worker renews its leases.
LEASE_S = 15
# Of a suspect: if it kills its worker again, that is noticed sooner.
SUSPECT_LEASE_S = 6
# Well below both.
RENEW_EVERY_S = 2
BACKOFF_FIRST_S = 2.0
BACKOFF_MAX_S = 3600.0
# Short, because a death says nothing about the next try: within a minute the row is done or parked.
AFTER_DEATH_S = 1.0
# After so many deaths a row runs in its own process, and after so many it is parked.
ALONE_FROM_DEATHS, DEATHS_MAX = 2, 3
ERROR_MAX_CHARS = 2000
# Small, so that no other writer waits for it.
PURGE_BATCH = 500


class State(models.TextChoices):
    READY = "ready", _("waiting")
    DONE = "done", _("done")
    IGNORED = "ignored", _("ignored")
    PARKED = "parked", _("parked")


# Parked rows are not among them: they wait for staff.
FINISHED = (State.DONE, State.IGNORED)


def backoff_s(attempts: int) -> float:
    """Seconds until the next try: doubling, capped, with up to a quarter of jitter either way."""
    plain_s: float = min(BACKOFF_FIRST_S * 2 ** (attempts - 1), BACKOFF_MAX_S)
    return plain_s * random.uniform(0.75, 1.25)  # noqa: S311 (jitter, not a secret)


def storable(text: str) -> str:
    """The text without what PostgreSQL refuses: NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def error_text(error: BaseException) -> str:
    """The type and message of an exception, even if its ``__str__`` fails."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 (whatever its author did)
        text = type(error).__name__
    return storable(text)[:ERROR_MAX_CHARS]


class LeasedRow(models.Model):
    """A unit of work that survives any crash. `register_queue` says which function does the work."""

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.READY)
    # Tries that ended, whether they succeeded or failed.
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # Tries that ended with their process, or would have ended it.
    deaths = models.PositiveIntegerField(_("deaths"), default=0)
    run_at = models.DateTimeField(_("not before"), default=timezone.now)
    lease_token = models.UUIDField(null=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    # The field by which `work --status` counts rows.
    KIND_FIELD: ClassVar[str] = "kind"
    # The states from which staff may requeue a row.
    REQUEUED_FROM: ClassVar[tuple[State, ...]] = (State.PARKED,)
    # If there are several, `lane` is a column.
    LANES: ClassVar[tuple[Lane, ...]]
    lane: Any

    class Meta:
        abstract = True

    @property
    def attempts_max(self) -> int:
        """Tries before the row is parked for staff. 15 tries take about nine hours."""
        return 15

    def cause(self) -> Cause:
        """The actor that the timeline names for what this row does."""
        return Cause(actor=Actor.WORKER, source=str(self))

    def add(self) -> None:
        """Insert the row in the caller's transaction, unless a row with its key exists."""
        self.add_all([self])

    @classmethod
    def add_all(cls, rows: "Sequence[Self]") -> None:
        """`add` for several in one statement."""
        insert_new(rows)
        cls.tell_of_work({Lane(row.lane) for row in rows if row.state == State.READY})

    @classmethod
    def tell_of_work(cls, lanes: set[Lane]) -> None:
        """Send `work_added` once the caller's transaction is committed."""

        # Not a `partial`: Django logs a failed callback by its `__qualname__`.
        def tell() -> None:
            work_added.send(cls, lanes=lanes)

        if lanes and work_added.has_listeners():
            transaction.on_commit(tell, using=router.db_for_write(cls), robust=True)

    @classmethod
    def in_lane(cls, lane: Lane | None) -> dict[str, str]:
        """The filter for the rows of ``lane``; empty for ``None``, which means all lanes."""
        return {"lane": lane.value} if lane and len(cls.LANES) > 1 else {}

    @classmethod
    def claim(cls, limit: int, lane: Lane | None = None) -> list[Self]:
        """Take up to ``limit`` due rows of ``lane``, or of all lanes, oldest first, for the length of a lease.

        A suspect is taken singly, so that no other row is abandoned with it.
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
                # Several rows have no deaths among them.
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
        """The rows that wait for their first try and seem to come from after ``moment``: a new row is due at once."""
        return models.Q(run_at__gt=moment)

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=SUSPECT_LEASE_S if 0 < self.deaths < ALONE_FROM_DEATHS else LEASE_S)

    @property
    def _is_suspect(self) -> bool:
        return self.deaths > 0 or self.lease_token is not None

    @classmethod
    def _is_any_due(cls, connection: BaseDatabaseWrapper, now: datetime, values: dict[str, str]) -> bool:
        """An idle worker asks this many times a second. One raw statement takes an eighth of the time of a QuerySet."""
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
        """Extend the lease of the rows of a claim that are not finished yet."""
        held = cls._default_manager.filter(pk__in=[row.pk for row in rows], state=State.READY)
        held = held.filter(lease_token=rows[0].lease_token)
        held.update(run_at=timezone.now() + rows[0]._lease)

    def release(self, wait_s: float = 0.0) -> None:
        """Return the row unchanged, to be claimed again at once or after ``wait_s``. Raises `LeaseLost`."""
        self._settle(run_at=timezone.now() + timedelta(seconds=wait_s))

    def finish(self, state: State = State.DONE, **learnt: object) -> None:
        """Mark the row as done and set the ``learnt`` columns. Raises `LeaseLost` if the lease is no longer ours; that
        must roll the effect back.
        """
        ended = {"attempts": self.attempts + 1, "finished_at": timezone.now(), "last_error": ""}
        self._settle(state=state, **ended, **learnt)

    def rearm(self, run_at: datetime) -> None:
        """Schedule the next turn of a recurring row. Raises `LeaseLost`."""
        self._settle(run_at=run_at, attempts=0, deaths=0, last_error="")

    def fail(self, error: Exception) -> None:
        """Record a failed try: schedule the next one, or park the row for staff. Raises `LeaseLost`."""
        if (postponed_s := getattr(error, "postponed_s", None)) is not None:
            # Up to twice as long, so that rows that were postponed together do not come back together.
            run_at = timezone.now() + timedelta(seconds=postponed_s * random.uniform(1, 2))  # noqa: S311 (jitter)
            self._settle(run_at=run_at, last_error=error_text(error))
        elif not getattr(error, "retryable", True) or self.attempts + 1 >= self.attempts_max:
            self.park(error_text(error), attempts=self.attempts + 1)
        else:
            self.reschedule(error, backoff_s(self.attempts + 1))

    def die(self, how: str) -> None:
        """Record a try that killed its process, or would have: try again soon, or park the row after `DEATHS_MAX`.
        Raises `LeaseLost`.
        """
        deaths = self.deaths + 1
        if deaths < DEATHS_MAX:
            again_at = timezone.now() + timedelta(seconds=AFTER_DEATH_S)
            self._settle(run_at=again_at, deaths=deaths, last_error=f"the process died: {how}"[:ERROR_MAX_CHARS])
        else:
            self.give_up(how, deaths=deaths)

    def give_up(self, how: str, **learnt: object) -> None:
        """Park a row that has killed its worker too often. Raises `LeaseLost`."""
        error = WorkerDied(f"the process died {DEATHS_MAX} times while working on this; the last time: {how}")
        self.park(error_text(error), **learnt)

    def park(self, last_error: str, **learnt: object) -> None:
        """Stop trying until staff requeue the row. Raises `LeaseLost`."""
        self._settle(state=State.PARKED, last_error=last_error, finished_at=timezone.now(), **learnt)

    def reschedule(self, error: Exception, wait_s: float) -> None:
        """Try again after ``wait_s``; this is never the last try. Raises `LeaseLost`."""
        self._settle(
            run_at=timezone.now() + timedelta(seconds=wait_s),
            attempts=min(self.attempts + 1, self.attempts_max - 1),
            last_error=error_text(error),
        )

    def requeue(self) -> bool:
        """Make the row due now and reset its tries. ``False`` if its state is not in `REQUEUED_FROM`."""
        finished = type(self)._default_manager.filter(pk=self.pk, state__in=self.REQUEUED_FROM)
        return bool(finished.update(state=State.READY, run_at=timezone.now(), attempts=0, deaths=0, finished_at=None))

    @classmethod
    def purge(cls, *, finished_before: datetime) -> int:
        """Delete up to `PURGE_BATCH` rows that were finished before then, oldest first; return how many."""
        old = cls._default_manager.filter(state__in=FINISHED, finished_at__lt=finished_before)
        # Ids grow with age, so the primary key finds the oldest rows at once.
        pks = list(old.order_by("pk").values_list("pk", flat=True)[:PURGE_BATCH])
        return old.filter(pk__in=pks).delete()[0]

    def _settle(self, **values: object) -> None:
        token = self.lease_token
        if not change(self, {**values, "lease_token": None}, where={"lease_token": [token], "state": [State.READY]}):
            raise LeaseLost(f"{self._meta.label} {self.pk}")
        # On the object the token still names the claim that it came from.
        self.lease_token = token
