from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Restoration(models.Model):
    """A restored backup: only Stripe knows what happened after the backup was taken.

    One row for each mode, test and live, because the current keys can ask about one mode only. Until
    ``numbers_known_at`` no document of that mode gets a number, because a customer may hold it already. Until
    ``reconciled_at`` nothing is decided that depends on payments or refunds after the backup.
    """

    livemode = models.BooleanField(_("real money"))
    taken_at = models.DateTimeField(_("backup taken at"))
    restored_at = models.DateTimeField(_("restored at"), default=timezone.now)
    # By series, such as {"INV-2026": 12}: the highest number that archive, replaced database or operator knew.
    known_numbers = models.JSONField(default=dict)
    numbers_known_at = models.DateTimeField(_("numbers known at"), null=True)
    reconciled_at = models.DateTimeField(_("reconciled at"), null=True)

    class Meta:
        verbose_name = _("restored backup")
        verbose_name_plural = _("restored backups")
        ordering = ["taken_at"]

    def __str__(self) -> str:
        return f"{self.taken_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def unreconciled(cls, *, livemode: bool) -> Self | None:
        """The oldest restored backup that was not compared with Stripe since."""
        return cls.objects.filter(livemode=livemode, reconciled_at=None).first()

    @classmethod
    def note_reconciled(cls, *, livemode: bool, since: datetime) -> None:
        """Record that everything since then was imported from Stripe."""
        waiting = cls.objects.filter(livemode=livemode, reconciled_at=None, taken_at__gt=since)
        waiting.exclude(numbers_known_at=None).update(reconciled_at=timezone.now())

    @classmethod
    def is_unreconciled(cls, *, livemode: bool, since: datetime) -> bool:
        """Whether Stripe may know more than these books about something created at ``since``."""
        return cls.objects.filter(livemode=livemode, reconciled_at=None, restored_at__gte=since).exists()
