import json
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.orders.models import Order
from jumun.orders.timeline import Kind


class QuarantinedSnapshot(models.Model):
    """A snapshot that was not applied because it does not match our books. Staff decide; nothing is paid by it."""

    class Reason(models.TextChoices):
        UNKNOWN_ORDER = "unknown_order", _("no such order")
        AMOUNT = "amount", _("another amount")
        CURRENCY = "currency", _("another currency")
        LIVEMODE = "livemode", _("test and live mixed up")
        SECOND_PAYMENT = "second_payment", _("a second payment of one order")
        PAID_AFTER_CLOSE = "paid_after_close", _("paid after the order was closed")
        FOREIGN_PAYMENT = "foreign_payment", _("the payment belongs to another order")
        UNKNOWN_PAYMENT = "unknown_payment", _("a refund of a payment that is not known here")
        REFUND_FAILED = "refund_failed", _("a refund failed: the money has not reached the customer")

    object_id = models.CharField(_("Stripe object"), max_length=255)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="quarantined", null=True, blank=True, verbose_name=_("order")
    )
    # Text, not JSON: PostgreSQL's jsonb refuses some of what a hostile or broken body may hold.
    snapshot = models.TextField(_("snapshot"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)

    class Meta:
        verbose_name = _("quarantined payment")
        verbose_name_plural = _("quarantined payments")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["object_id", "reason"], name="jumun_quarantined_once"),
        ]

    def __str__(self) -> str:
        return f"{self.object_id}: {self.get_reason_display()}"

    @classmethod
    def keep(cls, *, object_id: str, reason: str, order: Order | None, snapshot: dict[str, Any]) -> None:
        """Set a snapshot aside, in the caller's transaction, which holds the lock on ``order`` if there is one.

        Seeing it again changes nothing.
        """
        if order is not None:
            if QuarantinedSnapshot.objects.filter(object_id=object_id, reason=reason).exists():
                return
            order.record(Kind.QUARANTINED, reason=reason, object=object_id)
        row = QuarantinedSnapshot(
            object_id=object_id, reason=reason, order=order, snapshot=json.dumps(snapshot, indent=2)
        )
        QuarantinedSnapshot.objects.bulk_create([row], ignore_conflicts=True)

    def resolve(self) -> bool:
        """Record that staff have dealt with it. ``False`` where somebody has already."""
        open_row = QuarantinedSnapshot.objects.filter(pk=self.pk, resolved_at=None)
        with transaction.atomic():
            if not open_row.update(resolved_at=timezone.now()):
                return False
            if self.order:
                self.order.record(Kind.QUARANTINE_RESOLVED, object=self.object_id)
        return True
