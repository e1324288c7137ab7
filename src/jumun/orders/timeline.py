from enum import StrEnum
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.actor import current_cause
from jumun.db.append_only import refuse_all
from jumun.db.fast import insert


class Kind(StrEnum):
    """Everything that can happen to an order. `jumun.backoffice.timeline` has the sentence that staff read."""

    PLACED = "placed"
    CORRECTED = "corrected"
    EXPIRED = "expired"
    CANCELED = "canceled"

    CHECKOUT_OPENED = "checkout_opened"
    CHECKOUT_EXPIRED = "checkout_expired"
    CHECKOUT_REFUSED = "checkout_refused"
    PAYMENT_PROCESSING = "payment_processing"
    PAYMENT_DECLINED = "payment_declined"
    PAYMENT_FAILED = "payment_failed"
    PAID = "paid"

    INVOICE_ISSUED = "invoice_issued"
    INVOICE_SENT = "invoice_sent"
    INVOICE_RESEND_ASKED = "invoice_resend_asked"
    CREDIT_NOTE_ISSUED = "credit_note_issued"
    CREDIT_NOTE_SENT = "credit_note_sent"
    CREDIT_NOTE_RESEND_ASKED = "credit_note_resend_asked"
    CANCELLATION_ISSUED = "cancellation_issued"
    CANCELLATION_SENT = "cancellation_sent"
    CANCELLATION_RESEND_ASKED = "cancellation_resend_asked"

    REFUND_REQUESTED = "refund_requested"
    REFUND_REFUSED = "refund_refused"
    REFUND_PENDING = "refund_pending"
    REFUND_REQUIRES_ACTION = "refund_requires_action"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_CANCELED = "refund_canceled"
    REFUND_FAILED = "refund_failed"
    REFUND_MAILED = "refund_mailed"
    AUTO_REFUND_MAILED = "auto_refund_mailed"
    RESTOCKED = "restocked"

    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_FUNDS_WITHDRAWN = "dispute_funds_withdrawn"
    DISPUTE_FUNDS_REINSTATED = "dispute_funds_reinstated"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    DISPUTE_CLOSED = "dispute_closed"

    QUARANTINED = "quarantined"
    QUARANTINE_RESOLVED = "quarantine_resolved"
    EVENT_REPLAYED = "event_replayed"
    SET_TO_STRIPE = "set_to_stripe"


class TimelineEntry(models.Model):
    """One event in the life of an order, written in the transaction that made it true and never changed.

    The database refuses to change or delete it (see `jumun.db.append_only`).
    """

    order = models.ForeignKey(
        "jumun_orders.Order", models.PROTECT, related_name="timeline", db_index=False, verbose_name=_("order")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    kind = models.CharField(_("kind"), max_length=40)
    actor = models.CharField(_("by"), max_length=10)
    # Text, not a foreign key: it stays true when the user is renamed or deleted.
    actor_name = models.CharField(_("user name"), max_length=254, blank=True)
    source = models.CharField(_("source"), max_length=255, blank=True)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        ordering = ["order", "id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["order", "id"], name="jumun_timeline_of_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def append(cls, order: models.Model, kind: Kind, details: dict[str, Any]) -> None:
        """Write one entry by the current actor, in the caller's transaction."""
        cause = current_cause()
        entry = cls(
            order_id=order.pk,
            kind=kind,
            actor=cause.actor,
            actor_name=cause.name[:254],
            source=cause.source[:255],
            details=details,
        )
        insert(entry)


REFUSALS = refuse_all(TimelineEntry._meta.db_table, "jumun_timeline")
