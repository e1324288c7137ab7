import json
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.conf import stripe_setting
from jumun.orders.models import Order
from jumun.outbox.lease import LeasedRow, State
from jumun.payments.keys import new_key
from jumun.payments.refund import Refund, taken_minor
from jumun.payments.snapshots import Card, SessionSnapshot

__all__ = ["Checkout", "InboxEvent", "Payment", "QuarantinedSnapshot", "Refund"]


class Checkout(models.Model):
    """One Checkout Session at Stripe, from the intention on.

    Its state only moves forward: creating < open < complete, expired, refused. The last three are final at
    Stripe too. ``creating`` means that we do not know whether the session exists; asking again with the same
    key and parameters tells.
    """

    class State(models.TextChoices):
        CREATING = "creating", _("being created")
        OPEN = "open", _("open")
        COMPLETE = "complete", _("complete")
        EXPIRED = "expired", _("expired")
        REFUSED = "refused", _("refused")

    UNFINISHED: ClassVar = (State.CREATING, State.OPEN)
    _BEFORE: ClassVar[dict[str, tuple[str, ...]]] = {
        State.OPEN: (State.CREATING,),
        State.COMPLETE: UNFINISHED,
        State.EXPIRED: UNFINISHED,
        State.REFUSED: (State.CREATING,),
    }

    order = models.ForeignKey(Order, models.PROTECT, related_name="checkouts", verbose_name=_("order"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.CREATING)
    idempotency_key = models.CharField(max_length=64, unique=True, default=new_key, editable=False)
    # Frozen before the first call: a retry with other parameters would be refused by Stripe.
    params = models.JSONField(default=dict, editable=False)
    session_id = models.CharField(_("Stripe session"), max_length=255, unique=True, null=True, blank=True)
    url = models.TextField(blank=True)
    expires_at = models.DateTimeField(_("expires at"))
    refusal = models.TextField(_("refusal"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["creating", "open"]),
                name="jumun_one_open_checkout_per_order",
            ),
        ]

    def __str__(self) -> str:
        return self.session_id or f"checkout {self.pk}"

    def advance(self, session: SessionSnapshot) -> None:
        """Join the session's state into ours; an older snapshot changes nothing."""
        if session.status not in self._BEFORE:
            return
        earlier = Checkout.objects.filter(pk=self.pk, state__in=self._BEFORE[session.status])
        values = {
            "state": session.status,
            "session_id": session.id,
            "url": session.url,
            "expires_at": session.expires_at,
        }
        if earlier.update(**values):
            for name, value in values.items():
                setattr(self, name, value)
        else:
            self.refresh_from_db()

    def refuse(self, why: str) -> None:
        """Record that Stripe would not create the session, so that the next try starts afresh."""
        creating = Checkout.objects.filter(pk=self.pk, state=self.State.CREATING)
        creating.update(state=self.State.REFUSED, refusal=why[:2000])


class Payment(models.Model):
    """Money that Stripe took, or tries to take, for an order: one PaymentIntent.

    A join over snapshots: the status only moves forward, and what is known of the card is never unlearnt.
    """

    class Status(models.TextChoices):
        UNPAID = "unpaid", _("unpaid")
        PROCESSING = "processing", _("processing")
        FAILED = "failed", _("failed")
        PAID = "paid", _("paid")

    _BEFORE: ClassVar[dict[str, tuple[str, ...]]] = {
        Status.UNPAID: (),
        Status.PROCESSING: (Status.UNPAID,),
        Status.FAILED: (Status.UNPAID, Status.PROCESSING),
        Status.PAID: (Status.UNPAID, Status.PROCESSING, Status.FAILED),
    }

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    payment_intent_id = models.CharField(_("Stripe payment"), max_length=255, unique=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.UNPAID)
    livemode = models.BooleanField(_("real money"))
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    card_brand = models.CharField(_("card brand"), max_length=20, blank=True)
    card_last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    # The one payment by which the order became paid; any other paid one is a second payment.
    settles_order = models.BooleanField(_("settles the order"), default=False)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        permissions = [("refund_payment", "Can refund payments")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="jumun_payment_amount_positive"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(settles_order=True), name="jumun_one_settling_payment_per_order"
            ),
        ]

    def __str__(self) -> str:
        return self.payment_intent_id

    @classmethod
    def of_intent(cls, order: Order, payment_intent_id: str) -> Self:
        """The payment of that PaymentIntent, locked, made on first sight. The order is locked."""
        payment, _created = cls.objects.select_for_update().get_or_create(
            payment_intent_id=payment_intent_id,
            defaults={
                "order": order,
                "livemode": order.livemode,
                "amount_minor": order.total_minor,
                "currency": order.currency,
            },
        )
        return payment

    def advance(self, status: str, card: Card | None) -> None:
        """Join what a snapshot tells into what is known."""
        if self.status in self._BEFORE[status]:
            self.status = status
            if status == self.Status.PAID:
                self.paid_at = timezone.now()
        if card and not self.card_last4:
            self.card_brand, self.card_last4 = card.brand, card.last4
        self.save(update_fields=["status", "paid_at", "card_brand", "card_last4"])

    def settle(self) -> None:
        """Record that this payment made its order paid."""
        self.settles_order = True
        self.save(update_fields=["settles_order"])

    @property
    def refundable_minor(self) -> int:
        """What is left to be refunded. Only under a lock on this row does it stay true."""
        if self.status != self.Status.PAID:
            return 0
        return max(0, self.amount_minor - taken_minor(self.refunds.all()))

    @property
    def stripe_url(self) -> str:
        """Where staff see this payment: Stripe's dashboard, or the sandbox's page while that is in use."""
        api_base = stripe_setting("STRIPE_API_BASE")
        if api_base:
            return f"{api_base}/_paywright/payments/{self.payment_intent_id}"
        mode = "" if self.livemode else "test/"
        return f"https://dashboard.stripe.com/{mode}payments/{self.payment_intent_id}"


class InboxEvent(LeasedRow):
    """One event of Stripe's, stored under its id before it is acknowledged."""

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
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    def run(self) -> None:
        from jumun.payments.process import process

        process(self)


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
        """Set a snapshot aside; seeing it again changes nothing."""
        row = QuarantinedSnapshot(
            object_id=object_id, reason=reason, order=order, snapshot=json.dumps(snapshot, indent=2)
        )
        QuarantinedSnapshot.objects.bulk_create([row], ignore_conflicts=True)

    def resolve(self) -> bool:
        """Record that staff have dealt with it. ``False`` where somebody has already."""
        open_row = QuarantinedSnapshot.objects.filter(pk=self.pk, resolved_at=None)
        return bool(open_row.update(resolved_at=timezone.now()))
