"""Limits on login attempts: docs/decisions/0080-login-throttle.md"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import models, transaction
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Limit:
    """After ``free`` failures the next attempt must wait, twice as long after each further failure.

    Failures are forgotten ``forgotten_after_s`` after the last one.
    """

    free: int
    wait_first_s: int
    wait_max_s: int
    forgotten_after_s: int

    def wait(self, failures: int) -> timedelta:
        if failures < self.free:
            return timedelta()
        doublings = min(failures - self.free, 16)
        return timedelta(seconds=min(self.wait_first_s * 2**doublings, self.wait_max_s))


# One name from one address, or from a browser that has logged in with that name.
PAIR = BROWSER = Limit(free=5, wait_first_s=60, wait_max_s=15 * 60, forgotten_after_s=24 * 3600)
# All names from one address, which a whole office may share.
ADDRESS = Limit(free=20, wait_first_s=60, wait_max_s=15 * 60, forgotten_after_s=3600)
# One name from all addresses. Short, because it also stops the user in a new browser.
NAME = Limit(free=30, wait_first_s=10, wait_max_s=10, forgotten_after_s=3600)
KEPT = timedelta(seconds=max(limit.forgotten_after_s for limit in (PAIR, ADDRESS, NAME)))


@dataclass(frozen=True, slots=True)
class Key:
    """What failures are counted by. Only the hash is stored, because a typed name may be a password."""

    limit: Limit
    hash: str

    @classmethod
    def of(cls, limit: Limit, kind: str, *parts: str) -> "Key":
        text = "\0".join([kind, *parts])
        return cls(limit, sha256(text.encode(errors="replace")).hexdigest())


class LoginThrottle(models.Model):
    """Consecutive failures of one key."""

    key = models.CharField(max_length=64, unique=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    blocked_until = models.DateTimeField(null=True, editable=False)
    updated_at = models.DateTimeField(db_index=True, editable=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.failures} failures"

    @classmethod
    def begin(cls, keys: Sequence[Key]) -> timedelta:
        """Count an attempt as failed before it is made, so that simultaneous attempts cannot share one count.

        Returns how long to wait if the attempt is refused; then nothing is counted.
        """
        now = timezone.now()
        by_hash = {key.hash: key for key in keys}
        if wait := cls._wait(by_hash, now):
            return wait
        cls.objects.filter(updated_at__lt=now - KEPT).delete()
        missing = [LoginThrottle(key=hash_, updated_at=now) for hash_ in sorted(by_hash)]
        with transaction.atomic():
            LoginThrottle.objects.bulk_create(missing, ignore_conflicts=True)
            rows = list(cls.objects.select_for_update().filter(key__in=by_hash).order_by("key"))
            # Others may have counted failures while this process waited for the lock.
            if wait := cls._wait(by_hash, timezone.now()):
                return wait
            for row in rows:
                row._count(by_hash[row.key].limit, now)
            cls.objects.bulk_update(rows, ["failures", "blocked_until", "updated_at"])
        return timedelta()

    def _count(self, limit: Limit, now: datetime) -> None:
        if self.updated_at < now - timedelta(seconds=limit.forgotten_after_s):
            self.failures = 0
        self.failures += 1
        wait = limit.wait(self.failures)
        self.blocked_until = now + wait if wait else None
        self.updated_at = now

    @classmethod
    def _wait(cls, hashes: dict[str, Key], now: datetime) -> timedelta:
        blocked = cls.objects.filter(key__in=hashes, blocked_until__gt=now)
        until = blocked.aggregate(until=models.Max("blocked_until"))["until"]
        return until - now if until else timedelta()

    @classmethod
    def succeeded(cls, keys: Sequence[Key]) -> None:
        """Take back the failure that `begin` counted, and forget those of this name in this place.

        Failures under other names stay, so that a user cannot erase attempts on other accounts.
        """
        own = [key.hash for key in keys if key.limit is PAIR]
        others = [key.hash for key in keys if key.limit is not PAIR]
        with transaction.atomic():
            cls.objects.filter(key__in=own).delete()
            shared = cls.objects.filter(key__in=others, failures__gt=0)
            shared.update(failures=models.F("failures") - 1, blocked_until=None)


def normalized_name(username: str) -> str:
    """One spelling for names that a database or a person may consider equal."""
    return unicodedata.normalize("NFKC", username).strip().casefold()
