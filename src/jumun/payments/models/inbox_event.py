from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.actor import Actor, Cause
from jumun.orders.models import Order
from jumun.orders.timeline import Kind
from jumun.outbox.lanes import Lane
from jumun.outbox.lease import LeasedRow, State


class InboxEvent(LeasedRow):
    """A Stripe event, stored under its id before it is acknowledged."""

    KIND_FIELD = "type"
    LANES = (Lane.EVENTS,)
    lane = Lane.EVENTS
    # Processing an event twice changes nothing. A later version may merge an event that was ignored.
    REQUEUED_FROM = (State.PARKED, State.DONE, State.IGNORED)

    event_id = models.CharField(_("Stripe event"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=100)
    api_version = models.CharField(_("API version"), max_length=40, blank=True)
    livemode = models.BooleanField(_("real money"))
    # Text, not JSON: exactly what Stripe signed.
    payload = models.TextField(_("payload"))
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="events", null=True, blank=True, verbose_name=_("order")
    )
    created_at = models.DateTimeField(_("created at Stripe"))
    received_at = models.DateTimeField(_("received at"), default=timezone.now)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["run_at"], condition=Q(state=State.READY), name="jumun_inbox_due"),
            models.Index(fields=["id"], condition=Q(state=State.PARKED), name="jumun_inbox_parked"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    def cause(self) -> Cause:
        return Cause(actor=Actor.STRIPE, source=self.event_id)

    def requeue(self) -> bool:
        with transaction.atomic():
            if not super().requeue():
                return False
            if self.order:
                self.order.record(Kind.EVENT_REPLAYED, event=self.event_id)
        return True
