from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

# Fewer than Stripe sends for one payment, and more than a stranger's single try.
REFUSED_ALARM_FROM = 3


class WebhookReception(models.Model):
    """Whether Stripe's notifications arrive: when the last one was accepted, and how many were refused since. One row.

    Its times are to the minute and its count may lag behind: `jumun.payments.webhooks.reception` limits how often it is
    written, whatever strangers send.
    """

    class Reason(models.TextChoices):
        NO_SECRET = "no_secret", _("no webhook secret is set")
        WRONG_SIGNATURE = "wrong_signature", _("the webhook secret is not that of the endpoint")
        TOO_OLD = "too_old", _("this machine’s clock is wrong")

    PK = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=PK)
    accepted_at = models.DateTimeField(_("last accepted"), null=True)
    refused_since = models.DateTimeField(_("refused since"), null=True)
    refused_count = models.PositiveBigIntegerField(_("number refused"), default=0)
    refused_reason = models.CharField(_("refused because"), max_length=20, choices=Reason, blank=True)

    class Meta:
        verbose_name = _("reception of notifications")
        verbose_name_plural = _("reception of notifications")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="jumun_webhook_reception_one")]

    def __str__(self) -> str:
        return f"accepted {self.accepted_at}, {self.refused_count} refused since"

    @classmethod
    def current(cls) -> "WebhookReception":
        """The row, or an unsaved one: nothing has arrived yet."""
        return cls.objects.filter(pk=cls.PK).first() or cls()

    @classmethod
    def accept(cls, at: datetime) -> None:
        """Record an accepted event. Refusals before it no longer matter."""
        cls._write(accepted_at=at, refused_since=None, refused_count=0, refused_reason="")

    @classmethod
    def refuse(cls, at: datetime, count: int, reason: str) -> None:
        """Record so many refused events."""
        cls._write(
            refused_since=Coalesce(F("refused_since"), at, output_field=models.DateTimeField()),
            refused_count=F("refused_count") + count,
            refused_reason=reason,
        )

    @classmethod
    def _write(cls, **values: object) -> None:
        row = cls.objects.filter(pk=cls.PK)
        if not row.update(**values):
            WebhookReception.objects.bulk_create([WebhookReception()], ignore_conflicts=True)
            row.update(**values)

    @property
    def is_refusing(self) -> bool:
        """Whether Stripe's own events are refused, as far as we can know."""
        return self.refused_count >= REFUSED_ALARM_FROM
